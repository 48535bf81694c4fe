// Package secrettest has texts that tests look for secrets in.
package secrettest

// Forms are those in which secrets turn up, each with hunter2 as the secret, in letters of any case.
func Forms() []string {
	return []string{
		"DB_PASS=hunter2", "SMTP_PASS: hunter2", "smtpPass=hunter2", "MYSQL_PWD=hunter2", "REDIS_AUTH=hunter2", "STRIPE_KEY=hunter2", "tls_key=hunter2", "AccountKey=hunter2;x=1",
		"key=hunter2", "sessionToken: hunter2", "requirepass=hunter2", "pass=hunter2", "pwd: hunter2",
		"app:hunter2@tcp(db:3306)/app: refused", `body was "{\"password\":\"hunter2\"}"`, `{"credentials":{"value":"hunter2"}}`, `log: {"tokens":["hunter2"]}`,
		"{\"a\":1}\n{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}\nrest", "\ufeff{\"password\":\"hunter2\"}",
		"Authorization: Token hunter2", "Authorization: ApiKey hunter2", `Authorization: Digest username="x", response="hunter2"`, "Authorization: AWS4-HMAC-SHA256 Credential=x, Signature=hunter2",
		"Cookie: theme=dark; session=hunter2", "map[Accept:[*/*] Cookie:[a=1; session=hunter2]]", "map[Authorization:[Token hunter2]]", "Set-Cookie: id=hunter2; Path=/",
		"Bearer hunter2", "sent Basic aHVudGVyMg=hunter2", "DB_PASSWORD=Tr0ub4dor&hunter2", "DB_PASSWORD=a;hunter2", "DB_PASSWORD=a,hunter2", "DB_PASSWORD=a)hunter2",
		"{Host:db Password:hunter2 Port:5432}", `&pool.Config{Password:"hunter2", Port:5432}`, "{Tokens:[aaa hunter2] X:1}", `password=hun\ hunter2 host=db`, `password='it\'s hunter2'`,
		"password: |\n  hunter2\n  hunter2\nport: 80", "db:\n  password: >-\n    hunter2\n  port: 80", "password:\n  value: hunter2\nport: 80", `--password "a hunter2" --x`, "--password hunter2",
		"-password=hunter2", "curl -u ann:hunter2 https://x", "<password>hunter2</password>", `<user password="hunter2"/>`, "password    hunter2", "PASSWORD\thunter2", "machine x login ann password hunter2",
		"alter role app password 'hunter2'", "ALTER ROLE app WITH PASSWORD 'it''s hunter2'", "create user x identified by 'hunter2'", "password%3Dhunter2", "https://s3/x?X-Amz-Signature=hunter2", "https://x/?a=1&sig=hunter2&b=2",
		"https://x/callback?code=hunter2", "postgres://app:hun hunter2@db/app", "postgres://app:hunter2/@db/app", "https://ghp0123456789abcdefhunter2@github.com/x", "https://abcdefghijklmnhunter2:x-oauth-basic@github.com",
		"mongodb+srv://u:hunter2@h/db", "jdbc:postgresql://db/app?user=a&password=hunter2", "password => hunter2", "password := \"hunter2\"", "`password`=`hunter2`", "'password': 'hunter2'", "$env:PASSWORD = 'hunter2'",
		// Quotes without an end, doubled, and behind backslashes.
		"10:00 password=\"abc…\n10:01 password=\"hunter2\" ok", "wrong password 'abc…\nALTER USER x PASSWORD 'hunter2'", "--password \"abc…\nrun --password \"hunter2\"", `x password="C:\\" token="hunter2secret9"`,
		"password: 'it''s-hunter2'", "password   =   hunter2", "password\t=\thunter2", "password\t:\thunter2", "secret: 'tis a\npassword=hunter2",
		// Places of others.
		"https://hooks.slack.com/services/T0/B0/hunter2", "https://discord.com/api/webhooks/1/hunter2", "https://open.feishu.cn/open-apis/bot/v2/hook/hunter2-x", "https://api.telegram.org/bot1:hunter2/send",
		"passwords:\n- hunter2\nport: 80", "token: |\n  hunter2", "tokens:\n  - hunter2", "password: !vault |\n  hunter2\n", "password: &anchor hunter2", "password: !!str hunter2", "password: # comment\n  hunter2",
		"CREATE USER x IDENTIFIED WITH mysql_native_password BY 'hunter2'", `IDENTIFIED BY "hunter2"`, "PASSWORD E'hunter2'", "PASSWORD $$hunter2$$", "SET PASSWORD FOR x = 'hunter2'", `Password: (string) (len=7) "hunter2"`,
		`Password:[]byte("hunter2")`, "Password:[]uint8{0x1, hunter2}", "client-key-data: hunter2", "curl --user app:hunter2 x", "curl -uapp:hunter2 x", "mysql -u app -phunter2 db", "<password><![CDATA[hunter2]]></password>",
		"tokenValue=hunter2", "token_value: hunter2", "password_1=hunter2", "passwords[0]=hunter2", "bindpw=hunter2", "userPassword:: hunter2", "**Password:** hunter2", "password\x1b[0m=\x1b[31mhunter2", "password：hunter2", "密码=hunter2", "数据库密码：hunter2",
		"SG.abcdefghunter2", "ya29.abcdefghunter2", "hf_abcdefghunter2", "shpat_abcdefghunter2", "glrt-abcdefghunter2", "db password: hunter2", "login with password: hunter2 failed",
		"token=123456hunter2", "AKIAHUNTER2HUNTER234", "AGE-SECRET-KEY-1HUNTER2QQQQQQ", "--password -hunter2", "password: |\n  hunter2\nport: 80",
		"export DB_PASSWORD=hunter2", "ENV API_KEY=hunter2", "The secret: hunter2", "client_secret=hunter2&grant_type=x", "X-Api-Key: hunter2", "apikey hunter2", "private_key: \"hunter2\"",
		"app:pa/hunter2@unix(/run/db.sock)/app", "x app:hunter2@udp(db:1)/", "SET PASSWORD = hunter2", "set password for 'x'@'y' = hunter2", "hvs.0123456789hunter2", "npm_0123456789hunter2", "login x password hunter2", "login x password ehunter2", "login x password fhunter2",
	}
}
