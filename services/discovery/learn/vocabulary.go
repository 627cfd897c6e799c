package learn

// The list is of general knowledge, grouped by what the words are for; order
// means nothing.
const vocabularyText = `
me self current own my mine all any none other every each default new latest last first next previous recent today now
list search find query lookup browse count total sum average min max top popular trending random featured recommended similar related suggest suggestion
autocomplete complete match filter sort order group by from to in on of for with and or the is has not as at per via
create add insert register signup make start begin open init initialize setup build generate issue provision
read get fetch load show view display preview render print retrieve inspect describe explain info detail about summary overview
update edit modify change set replace patch rename move copy clone duplicate merge split convert transform swap assign unassign reassign
delete remove destroy drop clear purge erase clean cleanup reset undo redo revert restore recover rollback archive unarchive trash bin
enable disable activate deactivate suspend unsuspend resume pause stop cancel close reopen lock unlock block unblock ban unban mute unmute
freeze unfreeze hide unhide publish unpublish release approve reject accept decline deny confirm verify validate check test try ping
echo submit send resend receive reply forward share unshare invite join leave follow unfollow subscribe unsubscribe like unlike love vote rate rating
bookmark favorite favourite star pin unpin watch unwatch read unread mark flag report upload download import export sync synchronize backup
run execute exec invoke trigger call apply process schedule queue enqueue dispatch retry replay refresh reload renew extend upgrade downgrade
login logout signin signout sign authenticate authorize auth oauth oauth2 sso saml oidc openid token access refresh revoke introspect
password passcode passphrase forgot otp mfa 2fa totp pin challenge captcha session credential secret key keys apikey certificate cert
user account profile member membership customer client contact person people employee staff team teammate group role permission privilege policy
organization organisation org company business merchant vendor supplier partner agent agency tenant workspace project space site domain owner admin administrator
administration author creator editor reviewer moderator manager operator guest visitor subscriber follower following friend family child children parent sibling
address addresses location place position geo geocode country region state city province district zone zip postcode postal street route map area store shop branch office
order orders cart basket checkout payment pay payout payee payer charge refund invoice bill billing receipt quote quotation estimate subscription plan price pricing
product item sku catalog catalogue category collection brand variant option attribute property inventory stock warehouse shipment shipping delivery fulfillment return
exchange discount coupon voucher gift card promo promotion campaign offer deal reward loyalty point credit debit balance wallet bank transfer transaction
deposit withdrawal withdraw capture void settle settlement dispute chargeback fee tax rate currency fx ledger journal entry fund loan mortgage interest
statement budget expense revenue sale sales lead opportunity pipeline stage funnel goal target forecast
message messages chat conversation thread channel room inbox outbox mail email mailbox sms phone number call voice voicemail video audio image photo picture
media file files folder directory document doc attachment asset blob object bucket upload thumbnail icon logo avatar cover banner background gallery album
post article blog comment review feedback page content block section chapter story news feed timeline topic tag label hashtag category keyword
event calendar appointment booking reservation slot availability meeting attendee participant speaker ticket venue seat
task todo issue bug epic sprint board column swimlane milestone backlog checklist step workflow job batch run execution log logs history activity activities audit trail
notification alert alarm incident rule condition action hook webhook callback subscription trigger monitor check status state health healthz ready readiness live liveness
heartbeat uptime version versions metadata meta schema definition type types kind class classification enum field fields form template theme style layout widget dashboard
chart graph report reports analytics metric metrics statistic statistics stats stat usage quota limit limits throttle performance trend insight score scoring
config configuration setting settings preference preferences option options feature features toggle flag experiment variant segment audience
integration plugin extension addon add app application apps api rest rpc graphql json xml csv pdf html rss feed sitemap openapi swagger docs help support faq
service services server servers node cluster instance instances machine host device devices sensor gateway router switch interface port network subnet vlan vpc firewall
security group rule load balancer proxy dns record certificate domain ssl tls vpn ip ips floating volume disk snapshot image backup storage container registry repository
repo branch commit pull request requests merge diff compare tree blob ref tag release build pipeline artifact deployment deploy environment env stage production
package module library dependency dependencies license function lambda database db table row column index view cell sheet record collection document
language languages locale translation translate text word sentence dictionary definition example pronunciation synonym
game match player team league season tournament round score leaderboard ranking rank achievement badge level quest
movie show episode season series cast crew actor genre artist track album playlist song lyrics music podcast channel stream streaming broadcast
book author publisher library chapter verse recipe meal food ingredient menu nutrition diet restaurant drink
weather forecast alert station observation climate temperature wind tide astronomy daily hourly monthly weekly yearly annual minute hour day week month year date time
timezone timeline period range interval
vehicle car driver trip ride fleet flight airport airline train bus stop station route schedule fare hotel room
patient doctor provider practitioner appointment encounter observation medication prescription allergy condition procedure lab specimen gene protein disease drug
student teacher course lesson class grade exam quiz question answer survey response result results assignment school
candidate job application resume interview position department salary payroll payslip leave absence attendance shift timesheet contract
data dataset source sources sink destination connection connector link links url urls redirect domain resource resources entity entities relation relationship relationships
bulk batch multi mass single one many public private internal external global local shared personal common general special custom standard system core main base
keep keeping ean alternate slash dir dirs by
active inactive pending completed open closed draft archived expired deleted available unavailable online offline upcoming past
by name id ids uuid code slug hash username email external reference
v1 v2 v3 beta alpha latest stable legacy
search advanced simple full quick fast raw plain
privacy terms legal consent agreement gdpr compliance risk fraud identity kyc verification screening sanction
webhook delivery attempt endpoint endpoints header body payload request response
queue topic partition consumer producer offset message
cache session cookie analytics tracking pixel click impression conversion ad ads adset creative keyword bid campaign publisher
model models training train predict prediction inference embedding embeddings completion completions finetune evaluation evaluate classify classification detect detection
recognize recognition face speech transcript transcription caption captions subtitle chapter
position portfolio trade trades trading quote quotes candle ticker symbol market markets exchange asset assets holding dividend earnings filing option chain
block blocks transaction address wallet token nft contract gas validator staking stake
work worker working unit measure measurement value values price list batch
note notes annotation highlight memo reminder
proposal bid tender purchase requisition approval vendor
cost costs center account ledger dimension
domain zone site url seo redirect robots
sub super pre post non un re
key value pair map set array
visibility scope level priority severity
`

const generalText = `
push pull mobile web desktop browser platform operating android ios device client sdk agent bot crawler
visible starred pinned trusted verified approved rejected accepted denied confirmed failed successful blocked flagged assigned untagged
discover explore navigate locate nearby around between within near inside outside before after since until during above below beside
fast slow best worst cheap cheapest lowest highest low high big small large medium minimum maximum exact approximate partial
buy sell rent lease lend borrow hire order ship deliver pick pack weigh count measure book reserve hold keep drop bring take give put use want need
ask tell say speak talk listen write print type click tap scroll drag touch press choose select option decide judge
go come enter exit arrive depart return travel drive fly walk move turn jump climb cross pass
day night morning evening noon midnight weekday weekend holiday season spring summer autumn winter
color colour size shape width height length depth weight volume area distance speed angle pressure power energy
photo shot portrait landscape frame camera lens light dark bright
red green blue yellow black white gray
man woman male female boy girl baby adult senior junior person human gender age birth death marriage
head face eye hand foot arm leg body heart brain skin blood bone
house home building room floor door window wall roof kitchen bath bed garden garage apartment property
water fire earth air wind rain snow ice sun moon star planet space sky sea river lake mountain forest
animal plant tree flower fruit vegetable bird fish dog cat horse
engine motor wheel tire brake seat interior exterior equipment part parts spare tool machine gear
metal wood glass paper plastic stone gold silver
school college university academy degree diploma scholarship
hospital clinic pharmacy health medical dental emergency ambulance nurse symptom diagnosis treatment therapy surgery vaccine
police army military court law lawyer judge crime prison government ministry parliament election vote citizen passport visa
bank cash check money coin rich poor cost worth profit loss income salary wage bonus pension insurance policy claim premium
factory industry trade commerce export import customs cargo container freight carrier courier parcel package pallet
office desk meeting agenda minutes secretary boss career skill training workshop conference
newspaper magazine press journal editorial headline journalist radio television
art museum theater theatre cinema concert festival exhibition painting sculpture dance
sport football soccer basketball baseball tennis golf hockey cricket race racing olympic stadium coach referee
religion church temple mosque
history science technology mathematics physics chemistry biology geography economics philosophy psychology language literature
true false yes no null empty full null nothing everything something anyone
anatomy cell organ tissue species strain genome genotype phenotype variant pathway mutation evidence ontology term
association associations affiliation partnership alliance union federation
occurrence occurrences frequency probability likelihood confidence
original source derived computed calculated estimated actual expected planned
primary secondary tertiary main minor major extra additional optional required mandatory
manual automatic auto dynamic static virtual physical logical digital analog
north south east west central local regional national worldwide
simple complex single double triple half quarter
begin middle end top bottom center corner edge side
clip clips segment segments frame frames scene scenes track tracks
chunk chunks part parts piece pieces fragment fragments range ranges
thread threads process processes daemon lock locks mutex semaphore
memory cpu gpu ram storage disk swap load throughput bandwidth latency
stream event bus broker source sink transformer
firmware software hardware driver kernel boot patch hotfix
proxy relay tunnel bridge hub mesh edge
webhook hook listener observer handler trigger
auth authn authz identity principal claim scope grant consent
sandbox demo staging preview canary
blueprint playbook runbook recipe template scaffold
lookup lookups resolve resolver translate geocode reverse
embed oembed widget iframe snippet
verb noun adjective
subscription subscriber unsubscribe optin optout
crossword puzzle trivia joke fact
fingerprint biometric selfie liveness
polling poll polls ballot candidate
checkout checkin clock punch
odometer mileage fuel charging charger battery
lot lots auction bidder winner
parking toll permit
rebate cashback commission royalty
ancestor descendant child parent sibling tree node nodes leaf root hierarchy
diagnostic diagnostics trace tracing profiling debug
sum count average median percentile percentiles histogram distribution
pattern patterns regex expression formula function operator
permission permissions acl share shares sharing
cohort cohorts retention churn
bestseller bestsellers newest oldest
facet facets aggregate aggregates aggs aggregation bucket buckets
crosswalk mapping mappings alias aliases
taxonomy taxonomies vocabulary glossary
curated handpicked editor choice pick picks
grid gallery carousel slider tile tiles
negotiation negotiations counteroffer
flat nested deep shallow
commit commits ref refs blob blobs hook hooks wiki wikis snippet snippets runner runners
geofence geofences perimeter boundary polygon
calibrate calibration threshold
reboot restart start stop shutdown poweron poweroff rescue resize rebuild
route routes stop stops trip trips vehicle vehicles arrival arrivals departure departures
connect disconnect handshake bind unbind
capacity allocation utilization occupancy
component components engine renderer viewer player recorder scanner printer reader writer
identifier identifiers prefix prefixes suffix suffixes expand collapse
buyer seller bidder borrower lender landlord payer donor sponsor
unpaid paid overdue awaiting shipped delivered refunded returned processing processed
prediction predictions suggested tagged
discussion discussions reindex index indexing
resource operation operations method methods procedure procedures
sticker emoji reaction reactions
play collect expect anticipate await wait save store fill mix print cook eat drink work study teach learn train fix repair solve care guard protect
defend attack fight win lose earn spend grow build break cut fold shut cover wrap mark paint draw sing close near respond contact supply demand serve
adjust amend append attest audit bill bind bounce broadcast bypass calculate compute compile complain contribute correct credit debit decode encode
decrypt encrypt define deploy deprecate derive design determine develop dial direct discard discount dismiss distribute divide donate draft
duplicate eject elect eliminate embed emit enrich enroll ensure escalate estimate exclude include extract fail finalize flush follow format
free gather grade group guess handle highlight identify ignore import increase decrease increment decrement inform inherit initiate inject insert inspect install
uninstall integrate introduce invalidate isolate join kick kill label launch limit localize locate log manage migrate minimize maximize mirror
monitor name negotiate nominate normalize notify obtain occupy offer operate optimize organize override parse perform persist preload
prepare present preserve prevent price probe proceed produce project promote demote propose quit raise randomize reach rebase recall
recharge reconcile reconnect record recover redeem redirect reduce refer reindex reinstate reissue relate relay release rely remind render reorder
repeat report represent request require reroute reschedule resign resort respond restrict resubmit retain retire review revise reward rotate route
sample satisfy scale scrape segment separate settle shift shorten shuffle simulate skip slice snooze solve specify spend stack stage stamp
store strip submit substitute succeed summarize supervise support surrender survey sweep tag tail target terminate toggle tokenize touch trace track trade
transcode transition transmit trash tune turn unarchive undelete unfollow unlink unregister unset unwrap upsert utilize validate vary wake warn wipe withdraw wrap
holder bearer issuer beneficiary creditor debtor
resolution resolutions orientation
signature signer envelope recipient template document tab brand
input output file stdin stdout console terminal shell command commands script scripts
scan scans vulnerability vulnerabilities finding target profile
organizationunit hierarchy chart dashboard
parameter parameters argument variable variables constant
error errors exception warning debug trace
up down left right in out inbound outbound internal external incoming outgoing
international domestic payment
hello world root home index main landing start end finish final initial
power reboot shutdown boot rebuild resize rescale attach detach mount unmount
available used free remaining
tag tagged untag
like liked likes unlike
seen unseen viewed viewer view
json csv tsv xml yaml yml toml html xhtml txt pdf rtf doc docx xls xlsx ppt pptx odt ods epub png jpg jpeg gif svg webp bmp tiff ico mp3 mp4 wav ogg avi mov webm
zip gz gzip tar rar bz2 brotli deflate parquet avro orc protobuf geojson topojson jsonl jsonld ndjson shp kml kmz gpx rdf turtle ttl ics vcf sql sqlite md markdown latex base64 utf8 ascii
aws gcp azure s3 ec2 sqs sns iam kms rds ecs eks gcs lambda cloudfront cloudflare heroku vercel netlify openstack vmware vsphere vcenter vcloud hyperv nutanix esxi
docker kubernetes k8s helm terraform ansible chef puppet jenkins nginx apache envoy istio consul vault etcd prometheus grafana datadog splunk newrelic pagerduty opsgenie sentry
mysql mssql postgres postgresql oracle mariadb mongo mongodb redis cassandra elastic elasticsearch opensearch solr kafka rabbitmq snowflake bigquery redshift databricks hadoop hdfs hive spark
github gitlab bitbucket jira confluence slack discord telegram whatsapp msteams teams zoom webex twilio sendgrid mailgun mailchimp hubspot salesforce zendesk intercom freshdesk zapier asana trello notion
google facebook twitter linkedin instagram pinterest youtube tiktok snapchat reddit spotify apple microsoft amazon ebay etsy shopify woocommerce magento stripe paypal braintree adyen klarna square quickbooks xero
gmail outlook exchange office365 sharepoint onedrive dropbox gdrive okta auth0 ldap kerberos radius activedirectory scim
http https ftp sftp ssh tcp udp smtp imap pop3 snmp icmp mqtt amqp coap grpc websocket ws wss ipv4 ipv6 cidr asn bgp ospf mac ntp dhcp nat acl cors csrf jwt jwks hmac rsa pgp gpg x509 csr crl ocsp pki fips tls
ios android windows linux ubuntu debian macos unix mobile desktop tablet browser firefox chrome safari
cpu gpu tpu vm vms fpga bios usb hdmi raid lun nfs smb cifs iscsi nvme ssd hdd iops vlan vpc mtu qos cdn edge wan lan sdwan wifi ssid lte nfc rfid ble gps imei imsi msisdn iccid esim sim
iban bic swift sepa ach kyc aml pci psd2 vat gst iva pan cvv bin isin cusip sedol lei nav etf ipo eps ebitda ohlc forex crypto bitcoin btc ethereum eth nft dao defi erc20 token wallet staking blockchain mempool utxo
sku upc ean gtin asin isbn issn doi orcid vin gtfs cve cvss cwe cpe owasp sbom sla slo kpi roi crm erp cms dam pim hr hris pos atm iot saas sdk cli ide api apis url urls uri uris uuid guid ids
async sync init config cfg env envs envvar envvars param params arg args attr attrs prop props src dst req res resp msg msgs img imgs pic pics vid vids cat cats desc descr info misc tmp temp prev cur curr num qty amt avg std dev perf
auth authz authn login logout signup signin sso mfa otp totp u2f webauthn passkey oauth openid saml idp sp rbac abac acl
admin sysadmin superuser root sudo cron crontab daemon healthcheck healthz livez readyz ping pong heartbeat favicon robots sitemap manifest wellknown
nlp ocr asr tts ner llm gpt ml ai bert embedding embeddings tokenizer tokenize lemma stopword sentiment chatbot autocomplete typeahead autosuggest
subtask subtasks subitem subfolder subaccount subaccounts subuser subdomain subdomains subcategory subcategories subproject subgroup subgroups sublist subtype subtypes
multi bulk batch upsert dedupe noop rollup rollups drilldown dropdown checkbox tooltip popup modal navbar sidebar homepage
passthrough failover backend frontend middleware webhook callback hostname username nickname firstname lastname fullname shortcode barcode qrcode filename filesize timestamp datetime timezone timezones timeslot timeslots weekday
datacenter datacentre datastore datastores dataset datasets datasource datasources dataflow datafeed database hypervisor hypervisors namespace namespaces keyspace keypair keypairs keystore truststore
`
