# What "apachectl configtest" says about every directive, whether the samples in
# conf/ start, and whether table, manual and samples name the same directives.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Scim::Process qw(free_port has_ended start_server wait_for);
use Test::More;

my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
my $httpd = $ENV{SCIM_HTTPD} // '/usr/sbin/apache2';
my $modules = $ENV{SCIM_HTTPD_MODULES} // '/usr/lib/apache2/modules';
my $module = "$ENV{SCIM_BUILD}/.libs/mod_scim.so";
my $dir = tempdir(CLEANUP => 1);

my $conf = "$source/conf";
my $EXTENSION = "$conf/employment.schema.json";
my $DEPARTMENT = "ScimSchema $conf/department.schema.json\n"
    . "ScimResourceType $conf/department.type.json";
my $DATABASE = 'ScimDatabase "host=/run/postgresql user=scim_httpd"';

write_file('password', "secret\n", 0600);
write_file('open', "secret\n", 0644);
write_file('shared', "secret\n", 0660);
write_file('empty', "\n", 0600);
write_file('long', 'x' x 5000, 0600);
write_file('broken.json', "{\n  \"id\": \"urn:x:y\",\n  \"attributes\" [] }\n", 0644);
write_file('string.json', '{"id": "urn:x:y", "attributes": [{"name": "a"},'
    . ' {"name": "b", "subAttributes": [{"name": "c"}]}]}', 0644);
write_file('unknown.json', '{"id": "urn:x:y", "attributes": [{"name": "a",'
    . ' "multivalued": true}]}', 0644);
write_file('core.json', '{"id": "urn:ietf:params:scim:schemas:core:2.0:User",'
    . ' "attributes": [{"name": "a"}]}', 0644);
write_file('large.json', ' ' x (1024 * 1024 + 1), 0644);

# What a section refuses: directive and value, and what the message says.
my @refused_in_section = (
    ['ScimService status', qr/ScimService status is not part of this version/],
    ['ScimService metrics', qr/ScimService metrics is not part/],
    ['ScimService Users', qr/ScimService takes scim, admin or off, not "Users"/],
    ["ScimConsole $dir/none", qr/ScimConsole takes off or the folder of the con/],
    ['ScimRealm ""', qr/ScimRealm \S/],
    ["ScimRealm \"a\tb\"", qr/ScimRealm .*control/],
    ['ScimRealm ' . 'a' x 201, qr/ScimRealm .*200/],
    ['ScimRealm "expr=%{HTTP_HOST"', qr/ScimRealm: .* in "%\{HTTP_HOST"/],
    ['ScimRealm a b', qr/ScimRealm takes one argument/],
    ['ScimOrganization Acme', qr/ScimOrganization: "Acme" is no slug/],
    ['ScimOrganization a', qr/ScimOrganization: "a" is no slug/],
    ['ScimOrganization ' . 'a' x 64, qr/ScimOrganization: .* is no slug/],
    ['ScimOrganization users', qr/ScimOrganization: "users" cannot be a slug/],
    ['ScimBaseURL /scim/v2', qr/ScimBaseURL takes a URL/],
    ['ScimBaseURL ftp://id.example.com/', qr/ScimBaseURL takes a URL/],
    ['ScimBaseURL https://', qr/ScimBaseURL takes a URL/],
    ['ScimBaseURL https://x/?a', qr/ScimBaseURL takes a URL/],
    ['ScimBaseURL https://u:p@x/', qr/ScimBaseURL takes a URL/],
    ['ScimBaseURL "https://x/a b"', qr/ScimBaseURL takes a URL/],
    ['ScimRequireTLS Sometimes',
        qr/ScimRequireTLS takes On, Loopback or Off, not "Sometimes"/],
    ['ScimTrustedProxy proxy.example.com', qr/ScimTrustedProxy takes IP/],
    ['ScimTrustedProxy 10.1', qr/ScimTrustedProxy takes IP addresses/],
    ['ScimTrustedProxy 10.0.0.0/33', qr/ScimTrustedProxy takes IP addresses/],
    ['ScimTrustedProxy 10.0.0.5 nowhere', qr/not "nowhere"/],
    ['ScimMaxBody 100', qr/ScimMaxBody takes 1K to 1024M, not "100"/],
    ['ScimMaxBody 2048M', qr/ScimMaxBody takes/],
    ['ScimMaxBody 1G', qr/ScimMaxBody takes/],
    ['ScimMaxBody -1M', qr/ScimMaxBody takes/],
    ['ScimMaxBody 99999999999999999999M', qr/ScimMaxBody takes/],
    ['ScimMaxDepth 7', qr/ScimMaxDepth takes 8 to 512, not "7"/],
    ['ScimMaxDepth 513', qr/ScimMaxDepth takes/],
    ['ScimCursorTimeout 0', qr/ScimCursorTimeout takes 1 to 604800, not "0"/],
    ['ScimCursorTimeout 1h', qr/ScimCursorTimeout takes/],
    ['ScimMaxResults 0', qr/ScimMaxResults takes 1 to 10000, not "0"/],
    ['ScimMaxResults 200x', qr/ScimMaxResults takes/],
    ['ScimMaxResults +200', qr/ScimMaxResults takes/],
    ['ScimMaxResults ""', qr/ScimMaxResults takes/],
    ['ScimMaxMembers -1', qr/ScimMaxMembers takes 0 to 100000000, not "-1"/],
    ['ScimMaxMembers many', qr/ScimMaxMembers takes/],
    ['ScimFilterLimits 100 64', qr/ScimFilterLimits takes a length of 256 to/],
    ['ScimFilterLimits 8192 0', qr/ScimFilterLimits takes conditions: 1 to/],
    ['ScimFilterLimits 8192 64 129', qr/ScimFilterLimits takes levels of bracke/],
    ['ScimFilterLimits 8192', qr/ScimFilterLimits takes two or three argumen/],
    ['ScimBulkLimits -1', qr/ScimBulkLimits takes operations: 0 to 100000/],
    ['ScimBulkLimits 100001', qr/ScimBulkLimits takes operations: 0 to/],
    ['ScimBulkLimits 10 100', qr/ScimBulkLimits takes 1K to 1024M/],
    ['ScimSchema', qr/ScimSchema takes a file/],
    ["ScimSchema $dir/none.json User", qr/ScimSchema \S+none.json: No such file/],
    ["ScimSchema $dir User", qr/ScimSchema \S+: (?:this is no regular|Is a dir)/],
    ["ScimSchema $dir/large.json User", qr/large.json: this file has more than/],
    ["ScimSchema $dir/broken.json User",
        qr/ScimSchema \S+broken.json: line 3, column 16: this is no JSON: /],
    ["ScimSchema $dir/string.json User",
        qr{string.json: /attributes/1/subAttributes: only a complex attribute}],
    ["ScimSchema $dir/unknown.json User",
        qr{unknown.json: /attributes/0/multivalued: this key is not known here}],
    ["ScimSchema $dir/core.json User",
        qr{core.json: /id: names that begin with .* belong to the RFCs}],
    ["ScimSchema $EXTENSION Users", qr/ScimSchema takes .* not "Users"/],
    ["ScimSchema $EXTENSION required", qr/ScimSchema: "required" of what/],
    ["ScimSchema $EXTENSION", qr/SCIM0206: .* nothing has the schema "urn:exa/],
    ["ScimSchema $EXTENSION User\nScimSchema $EXTENSION Group",
        qr{ScimSchema \S+: /id: "urn:example:\S+" collides with the schema}],
    ["ScimResourceType $dir/broken.json",
        qr/ScimResourceType \S+broken.json: line 3, column 16/],
    ["ScimResourceType $conf/department.type.json",
        qr{department.type.json: /schema: no ScimSchema before this line}],
    ["$DEPARTMENT\nScimResourceType $conf/department.type.json",
        qr{department.type.json: /endpoint: "/Departments" is the endpoint of}],
    ['ScimIndex', qr/ScimIndex requires at least one argument/],
    ['ScimIndex title userName', qr/ScimIndex userName: that has an index/],
    ['ScimRateLimit 24', qr/ScimRateLimit takes off or .* 25 to 100000/],
    ['ScimRateLimit 30 0', qr/ScimRateLimit takes a burst of 1 to/],
    ['ScimRateLimit off 5', qr/ScimRateLimit off takes no burst/],
    ['ScimDatabase "dbname=x"', qr/ScimDatabase not allowed in <Location>/],
    ['ScimDatabasePool 2', qr/ScimDatabasePool not allowed in <Location>/],
);

my @refused_in_server = (
    ['ScimService scim', qr/ScimService not allowed here/],
    ['ScimDatabase "host"', qr/ScimDatabase: this is no libpq connection/],
    ['ScimDatabase "hots=x"', qr/ScimDatabase: this is no libpq connection/],
    ['ScimDatabase "host=x password=hush"',
        qr/ScimDatabase: password= does not belong/],
    ['ScimDatabase "postgresql://u:hush@x/db"',
        qr/ScimDatabase: password= does not belong/],
    ['ScimDatabase "host=x sslpassword=hush"',
        qr/ScimDatabase: sslpassword= does not belong/],
    ["ScimDatabasePasswordFile $dir/none",
        qr/ScimDatabasePasswordFile \S+none: No such file/],
    ["ScimDatabasePasswordFile $dir/open",
        qr/ScimDatabasePasswordFile \S+open: others .* chmod 600/],
    ["ScimDatabasePasswordFile $dir/shared",
        qr/ScimDatabasePasswordFile \S+shared: others .* chmod 600/],
    ["ScimDatabasePasswordFile $dir/empty",
        qr/ScimDatabasePasswordFile \S+empty: its first line holds no/],
    ["ScimDatabasePasswordFile $dir/long",
        qr/ScimDatabasePasswordFile \S+long: its first line is too long/],
    ["ScimDatabasePasswordFile $dir",
        qr/ScimDatabasePasswordFile \S+: (?:this is no regular|Is a dir)/],
    ['ScimDatabasePool 0', qr/ScimDatabasePool takes 1 to 1000, not "0"/],
    ['ScimDatabasePool 1001', qr/ScimDatabasePool takes/],
    ['ScimDatabaseTimeout connect=0',
        qr/ScimDatabaseTimeout takes connect=1 to 60, not "0"/],
    ['ScimDatabaseTimeout wait=61', qr/ScimDatabaseTimeout takes wait=1/],
    ['ScimDatabaseTimeout request=601',
        qr/ScimDatabaseTimeout takes request=1 to 600/],
    ['ScimDatabaseTimeout 5', qr/ScimDatabaseTimeout takes connect=SECONDS/],
    ['ScimDatabaseTimeout connect=2 idle=3', qr/not "idle=3"/],
    ['ScimPreparedStatements maybe', qr/ScimPreparedStatements must be On or/],
);

# Where ScimService cannot stand.
my @refused_sections = (
    '<LocationMatch "^/scim">', '<Location ~ "^/scim">',
    '<Location "/scim/*">', "<Directory $dir>", '<Files scim>',
    '<If "true">', '<Proxy "http://x/">',
);

my @accepted_in_section = (
    'ScimService off', 'ScimService admin', 'ScimOrganization acme-2',
    'ScimConsole off', "ScimConsole $ENV{SCIM_SOURCE}/mod_scim/console",
    'ScimRealm https://login.example.com/', 'ScimRealm "our staff"',
    'ScimRealm expr=%{HTTP_HOST}', 'ScimRealm "expr=%{env:OIDC_CLAIM_iss}"',
    'ScimBaseURL https://id.example.com:8443/scim/v2/',
    'ScimRequireTLS On', 'ScimRequireTLS loopback',
    'ScimTrustedProxy 10.0.0.5 10.1.0.0/16 10.2.0.0/255.255.0.0 ::1 fd00::/8',
    'ScimMaxBody 1K', 'ScimMaxBody 1024M', 'ScimMaxBody 1048576',
    'ScimMaxDepth 512', 'ScimMaxResults 10000', 'ScimFilterLimits 65536 1024',
    'ScimFilterLimits 256 1 1', 'ScimFilterLimits 65536 1024 128',
    'ScimMaxMembers 0', 'ScimMaxMembers 100000000', 'ScimCursorTimeout 604800',
    'ScimBulkLimits 0', 'ScimBulkLimits 100000 1024M',
    'ScimRateLimit 25', 'ScimRateLimit 25 1', 'ScimRateLimit Off',
    'ScimSchema off', "ScimSchema $EXTENSION User", $DEPARTMENT,
    "ScimSchema $EXTENSION user GROUP Required", 'ScimIndex title nickName',
);
my @accepted_in_server = (
    'ScimDatabase "postgresql:///identity?host=/run/postgresql"',
    "ScimDatabasePasswordFile $dir/password", 'ScimDatabasePool 1000',
    'ScimDatabaseTimeout request=600', 'ScimDatabaseTimeout wait=1 connect=60',
    'ScimPreparedStatements Off',
    'ScimRateLimit 25', 'ScimOrganization acme', 'ScimMaxResults 1',
    $DEPARTMENT,
);

for (@refused_in_section) {
    my ($line, $says) = @$_;
    refuses(section($line), $says, $line);
}
for (@refused_in_server) {
    my ($line, $says) = @$_;
    my $output = refuses($line, $says, $line);
    unlike $output, qr/hush/, '... and does not repeat the password'
        if $line =~ /hush/;
}
for my $opening (@refused_sections) {
    my ($name) = $opening =~ /<(\w+)/;
    refuses("$DATABASE\n$opening\nScimService scim\n</$name>",
        qr/ScimService (?:belongs into a <Location|not allowed)/,
        "ScimService in $opening");
}
refuses("<Location /scim>\nScimService scim\n</Location>",
    qr/SCIM0204: ScimService scim .* needs a ScimDatabase/,
    'a section without a database');
refuses("<Location /scim-admin>\nScimService admin\n</Location>",
    qr/SCIM0204: ScimService admin .* needs a ScimDatabase/,
    'an admin section without a database');
refuses("Listen 127.0.0.1:65001\n<VirtualHost *:65001>\n$DATABASE\n"
    . "</VirtualHost>\n<Location /scim>\nScimService scim\n</Location>",
    qr/SCIM0204/, 'a section whose database is in another virtual host');

accepts(section($_), $_) for @accepted_in_section;
accepts("$_\n", $_) for @accepted_in_server;
accepts("<Location />\nScimService scim\n</Location>\n$DATABASE",
    'the whole server as one section');
accepts("<IfModule mod_scim.c>\n$DATABASE\n<Location /scim>\n"
    . "<IfModule mod_scim.c>\nScimService scim\n</IfModule>\n</Location>\n"
    . '</IfModule>', 'sections within <IfModule>');
accepts("$DATABASE\n<VirtualHost *:65001>\n<Location /scim>\n"
    . "ScimService scim\n</Location>\n</VirtualHost>",
    'a virtual host with the database of the server');

subtest 'the samples' => \&check_samples;
subtest 'table, manual and reference name the same directives' => \&compare;
done_testing;

# ---------------------------------------------------------------------------

sub check_samples {
    make_certificate();
    for my $name ('entra', 'okta', 'reverse-proxy', 'multi-tenant',
        'extensions') {
        my $sample = here(slurp("$source/conf/$name.conf"));
        accepts($sample, "conf/$name.conf");
        starts($sample, "conf/$name.conf");
    }
    my $reference = here(slurp("$source/conf/scim.conf"));
    accepts($reference, 'conf/scim.conf as it is');
    $reference =~ s/^#(?=Scim|<)//gm;
    accepts($reference, 'conf/scim.conf with every directive taken into use');
}

# A sample on this machine: its files are ours, its port is free.
sub here ($text) {
    $text =~ s{/etc/apache2/scim\.password}{$dir/password}g;
    $text =~ s{/etc/apache2/scim/}{$source/conf/}g;
    $text =~ s{/etc/ssl/certs/\S+}{$dir/certificate}g;
    $text =~ s{/etc/ssl/private/\S+}{$dir/key}g;
    $text =~ s{\$\{APACHE_LOG_DIR\}}{$dir}g;
    $text =~ s{<VirtualHost \*:\d+>}{<VirtualHost *:65001>}g;
    return $text;
}

sub make_certificate {
    my $made = `openssl req -x509 -newkey rsa:2048 -nodes -days 2 \\
        -subj /CN=id.example.com -keyout $dir/key -out $dir/certificate 2>&1`;
    is $?, 0, 'a certificate for the samples' or diag $made;
}

sub compare {
    my %in_table = map { $_ => 1 } slurp("$source/mod_scim/httpd/directives.c")
        =~ /AP_INIT_\w+\("(\w+)"/g;
    my %in_manual = map { $_ => 1 }
        slurp("$source/README.md") =~ /^\| `(Scim\w+)/gm;
    my %in_reference = map { $_ => 1 }
        slurp("$source/conf/scim.conf") =~ /^#(Scim\w+)/gm;
    cmp_ok scalar keys %in_table, '>=', 15, 'the table was read';
    is_deeply \%in_manual, \%in_table, 'README.md describes each';
    is_deeply \%in_reference, \%in_table, 'conf/scim.conf explains each';

    my ($merge) = slurp("$source/mod_scim/httpd/directives.c")
        =~ /(void \*mod_scim_merge_dir_config.*?\n\}.*?merge_server.*?\n\})/s;
    my ($fields) = slurp("$source/mod_scim/httpd/directives.h")
        =~ /(typedef struct scim_dir_config.*\} scim_server_config;)/s;
    $fields =~ s{/\*.*?\*/}{}gs;
    for my $declaration ($fields =~ /^    (\w[^;{}]*);/gm) {
        for my $field ($declaration =~ /(\w+)(?=\s*(?:,|$))/g) {
            next if $field eq 'store';    # belongs to a child
            like $merge, qr/conf->$field\s*=/, "$field is inherited";
        }
    }
}

sub section ($line) {
    return "$DATABASE\n<Location /scim/v2>\nScimService scim\n$line\n"
        . "</Location>\n";
}

sub refuses ($config, $says, $name) {
    my ($ok, $output) = configtest($config);
    ok !$ok, "$name: refused" or diag $output;
    like $output, $says, '... by its name';
    return $output;
}

sub accepts ($config, $name) {
    my ($ok, $output) = configtest($config);
    ok $ok, "$name: accepted" or diag $output;
}

# With what configtest has just looked at.
sub starts ($config, $name) {
    my $port = free_port();
    my $user = $> == 0 ? "User nobody\nGroup nogroup\n" : '';
    write_file('httpd.conf', $user . slurp("$dir/httpd.conf")
        =~ s/127\.0\.0\.1:65000/127.0.0.1:$port/r, 0600);
    my $pid = start_server("$dir/start.log", $httpd, '-f', "$dir/httpd.conf",
        '-DFOREGROUND');
    ok wait_for(20, sub { -e "$dir/error.log" && slurp("$dir/error.log")
        =~ /resuming normal operations/ || has_ended($pid) }) && !has_ended($pid),
        '... and started' or diag map { -e "$dir/$_" ? slurp("$dir/$_") : () }
        qw(start.log error.log);
    kill TERM => $pid;
    wait_for(20, sub { has_ended($pid) });
    unlink "$dir/error.log";
}

sub configtest ($config) {
    my @load = map { "LoadModule ${_}_module $modules/mod_$_.so\n" }
        qw(mpm_event authz_core authn_core authn_file authz_user auth_basic remoteip ssl
        socache_shmcb proxy proxy_http);
    write_file('httpd.conf', join('', "ServerRoot $dir\n",
        "DefaultRuntimeDir $dir\nPidFile $dir/pid\nServerName localhost\n",
        "ErrorLog $dir/error.log\nListen 127.0.0.1:65000\n", @load,
        "LoadModule scim_module $module\n", $config, "\n"), 0600);
    my $output = `$httpd -t -f $dir/httpd.conf 2>&1`;
    my $ok = $? == 0;
    $output .= slurp("$dir/error.log") if -e "$dir/error.log";
    unlink "$dir/error.log";
    return ($ok, $output);
}

sub write_file ($name, $text, $mode) {
    open my $file, '>', "$dir/$name" or die "$dir/$name: $!";
    print $file $text;
    close $file or die "$dir/$name: $!";
    chmod $mode, "$dir/$name" or die "$dir/$name: $!";
}

sub slurp ($path) {
    open my $file, '<', $path or die "$path: $!";
    local $/;
    return scalar <$file>;
}
