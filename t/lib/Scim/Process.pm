package Scim::Process;

# Programs that tests run and servers that they start. A server ends with the
# test that started it, however that ends.

use v5.36;
use Exporter qw(import);
use File::Temp ();
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(run start_server children_of wait_for has_ended
    free_port slurp write_file);

# END blocks clean up, and only an exit runs them.
@SIG{qw(HUP INT TERM)} = (sub ($name) { exit 1 }) x 3;

# Runs to the end, without a shell: status, output and errors. The first
# argument is the standard input.
sub run($input, @command) {
    my ($in, $out, $err) = map { File::Temp->new } 1 .. 3;
    print {$in} $input;
    close $in;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', $in->filename or POSIX::_exit(126);
        open STDOUT, '>', $out->filename or POSIX::_exit(126);
        open STDERR, '>', $err->filename or POSIX::_exit(126);
        no warnings 'exec';
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return {
        status => WIFSIGNALED($?) ? 128 + WTERMSIG($?) : WEXITSTATUS($?),
        output => slurp($out->filename),
        errors => slurp($err->filename),
    };
}

# Gives the process id of a server that runs in the foreground; what it prints
# goes to the log. The kernel ends it when this process is gone; a setpriv after
# ours would forget that, so one does all. In a group of its own, since httpd
# ends whole groups.
sub start_server($log, @command) {
    shift @command if $command[0] eq 'setpriv';
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp 0, 0;
        open STDIN, '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>>', $log or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
        exec 'setpriv', '--pdeathsig', 'INT', @command or POSIX::_exit(127);
    }
    return $pid;
}

sub children_of($pid) {
    my $file = "/proc/$pid/task/$pid/children";
    return -e $file ? split ' ', slurp($file) : ();
}

# True where the process, a child of ours or not, is no more.
sub has_ended($pid) {
    return 1 if waitpid($pid, WNOHANG) == $pid;
    return 1 if !kill 0, $pid;
    my $stat = eval { slurp("/proc/$pid/stat") } // return 1;
    return $stat =~ /\) Z /;
}

# True as soon as the code is, false after so many seconds.
sub wait_for($seconds, $code) {
    my $end = time + $seconds;
    until ($code->()) {
        return 0 if time > $end;
        sleep 0.02;
    }
    return 1;
}

# Below the ports that the kernel gives to outgoing connections, so that none
# of these takes it before the server does.
sub free_port() {
    for (1 .. 200) {
        my $port = 20_000 + int rand 12_000;
        my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
            LocalPort => $port, Listen => 1, ReuseAddr => 1) or next;
        close $socket;
        return $port;
    }
    die "no free port\n";
}

sub slurp($file) {
    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/;
    return scalar(readline $in) // '';
}

sub write_file($file, $text, $mode = 0644) {
    open my $out, '>:raw', $file or die "$file: $!\n";
    chmod $mode, $file or die "$file: $!\n";
    print {$out} $text;
    close $out or die "$file: $!\n";
    return $file;
}

1;
