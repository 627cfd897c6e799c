package signature

import "strings"

// maxVocabulary is the length of the longest word below.
const maxVocabulary = 20

// vocabulary are the words that a masked excerpt may show: keywords and function
// names of the languages that attacks are written in, and well-known targets. None
// of them says anything of a person.
var vocabulary = words(`
	select union all distinct from where and or not xor null is in like rlike regexp between having group by order limit offset
	insert into values update set delete drop create alter table database schema column columns tables exec execute declare
	cast convert char chr varchar nvarchar nchar concat concat_ws group_concat substring substr mid ascii hex unhex length
	sleep benchmark waitfor delay pg_sleep dbms_pipe xp_cmdshell sp_executesql load_file outfile dumpfile information_schema
	table_name column_name table_schema sysobjects syscolumns pg_catalog sqlite_master dual user current_user session_user
	version database if else case when then end exists count floor rand extractvalue updatexml procedure analyse true false as asc desc
	script img svg iframe body input object embed link style form math video audio details marquee onerror onload onclick
	onfocus onmouseover ontoggle onbegin onstart src href javascript vbscript data alert prompt confirm eval document cookie
	location window function constructor prototype __proto__ this return var let const new fetch xmlhttprequest expression behavior
	cat ls id whoami uname ping curl wget nc ncat netcat bash sh zsh cmd powershell python perl ruby php echo printf sudo chmod chown
	rm cp mv ps kill env printenv ifconfig ipconfig netstat nslookup dig tasklist dir type net system passthru shell_exec popen
	proc_open exec assert include require include_once require_once base64_decode str_rot13 file_get_contents phpinfo invoke
	etc passwd shadow hosts group proc self environ cmdline var log www html bin usr tmp dev tcp udp boot win ini windows system32
	winnt htaccess htpasswd git config svn ssh id_rsa authorized_keys web xml inf wp admin
	http https ftp file gopher dict ldap ldaps rmi dns jndi jar phar expect zip localhost metadata latest meta
	java lang runtime getruntime processbuilder classloader class forname springframework ognl struts freemarker velocity utility
	require child_process execsync spawn process mainmodule global settimeout json stringify where gt gte lt lte ne nin regex
	doctype entity element system public cdata xinclude
	get post put patch head options trace connect host transfer encoding chunked content set
	nikto sqlmap nmap nessus nuclei dirbuster gobuster wfuzz ffuf acunetix masscan zgrab burp zap arachni w3af
	sql syntax error mysql mysqli postgresql oracle sqlite odbc jdbc exception warning fatal stack traceback near line at
`)

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}
