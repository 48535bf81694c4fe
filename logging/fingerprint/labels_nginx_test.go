package fingerprint_test

var nginxFormats = []string{}
