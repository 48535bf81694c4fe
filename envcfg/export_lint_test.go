package envcfg

// IsShut gives tests what says whether others get at the file of a secret.
func IsShut(path string) bool { return isShut(path) }
