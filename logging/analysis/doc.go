// Package analysis answers what a log says: how many errors there were, which are the most frequent and which are new, when
// they came, what a user did and what happened in a request.
//
//	answers := analysis.Files("/var/log/app/application.log", nil)
//	for group, err := range answers.TopErrors(ctx, analysis.Query{}) { // of the last 24 hours
//		if err != nil {
//			return err
//		}
//		fmt.Println(group.Count, group.Users, group.Message)
//	}
//
// An [Analyzer] gives the same answers wherever the records are: [Files] reads the files of package rotate, compressed ones
// too, [Records] takes them from anything that can be read, and package pglog has one that asks PostgreSQL, which uses its
// indexes. Package analysistest has the tests for further ones.
//
// Errors are records of level ERROR and CRITICAL. Those that differ in their values only are one group: see [GroupOf].
package analysis
