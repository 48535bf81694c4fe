package admin

import _ "embed"

// styleSheet is served by itself, so that the policy needs no exception for what stands in the page.
//
//go:embed style.css
var styleSheet string
