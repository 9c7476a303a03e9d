package Bench::Table;

# One aligned line for each figure, as soon as it is known.

use v5.36;

my $LAYOUT = "%-38s %7s %9s %8s %8s  %-15s %9s %7s %7s  %s\n";
my $missed = 0;

sub missed() { return $missed }

sub head() {
    printf $LAYOUT, 'what', 'clients', 'a second', 'p50 ms', 'p99 ms',
        'yardstick', 'a second', 'ratio', 'bar', '';
    return;
}

# The subject's rate in parts of the yardstick's: as large as can be.
sub row($name, $clients, $subject, $yardstick = undef, $measured = undef,
        $bar = undef) {
    my $ratio = $measured && $subject->ratio_to($measured);
    line($name, $clients, $subject, $yardstick, $measured, $ratio,
        defined $bar ? ">= $bar" : '', defined $bar ? $ratio >= $bar : undef);
    return;
}

# The subject's time in parts of the yardstick's: as small as can be.
sub times($name, $clients, $subject, $yardstick, $measured, $bar = undef) {
    my $ratio = 1 / $subject->ratio_to($measured);
    line($name, $clients, $subject, $yardstick, $measured, $ratio,
        defined $bar ? "<= $bar" : '', defined $bar ? $ratio <= $bar : undef,
        'time');
    return;
}

sub line($name, $clients, $subject, $yardstick, $measured, $ratio, $bar, $is_ok,
         $unit = '') {
    $missed++ if defined $is_ok && !$is_ok;
    my $text = sprintf $LAYOUT, $name, $clients, thousands($subject->rate),
        $subject->milliseconds('p50'), $subject->milliseconds('p99'),
        $yardstick // '', $measured ? thousands($measured->rate) : '',
        defined $ratio ? sprintf('%.2f%s', $ratio, $unit && 'x') : '', $bar,
        defined $is_ok ? $is_ok ? 'ok' : 'MISSED' : '';
    print $text =~ s/ +\n/\n/r;
    return;
}

sub thousands($number) {
    my $text = sprintf $number < 10 ? '%.1f' : '%.0f', $number;
    1 while $text =~ s/^(\d+)(\d{3})/$1,$2/;
    return $text;
}

1;
