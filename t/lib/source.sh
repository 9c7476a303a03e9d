# Copies the source out of the checkout and builds the copy, so that nothing
# generated ever stands beside what is written by hand; sourced by t/run and
# conf/quickstart, which set $source (the checkout) and $work (the folder).

# Tracked and new files, not ignored ones; a tarball has no git to ask.
list_source() {
    (
        cd "$source" || exit 1
        if [ -e .git ] && command -v git >/dev/null; then
            git -c safe.directory='*' ls-files -co --exclude-standard
        else
            find . -name '.?*' -prune -o -type f -print | sed 's,^\./,,'
            echo .clang-format
            echo .editorconfig
        fi
    )
}

# Copies what differs, in content, and removes what is gone: time stamps of
# everything else stay, and make has nothing to do.
copy_source() {
    mkdir -p "$work/src" || return 1
    list_source | SOURCE=$source COPY=$work/src perl -e '
        use strict;
        use warnings;
        use File::Basename qw(dirname);
        use File::Compare qw(compare);
        use File::Copy qw(copy);
        use File::Path qw(make_path);

        my ($from, $to) = @ENV{qw(SOURCE COPY)};
        my $manifest = "$to/../src.list";
        my %keep;
        while (my $name = <STDIN>) {
            chomp $name;
            next if !-f "$from/$name";
            $keep{$name} = 1;
            next if -f "$to/$name" && compare("$from/$name", "$to/$name") == 0;
            make_path(dirname("$to/$name"));
            unlink "$to/$name";
            copy("$from/$name", "$to/$name")
                or die "cannot copy $name to $to: $!\n";
            chmod((stat "$from/$name")[2] & 0755, "$to/$name");
        }
        if (open my $old, "<", $manifest) {
            while (my $name = <$old>) {
                chomp $name;
                unlink "$to/$name" if !$keep{$name};
            }
        }
        open my $new, ">", $manifest or die "cannot write $manifest: $!\n";
        print {$new} map { "$_\n" } sort keys %keep;
        close $new or die "cannot write $manifest: $!\n";
    '
}

# build_source NAME TARGETS -- CONFIGURE-OPTIONS: leaves the build in
# $work/NAME. Called under a lock; a second call does only what is needed.
build_source() {
    build=$work/$1
    targets=$2
    shift 3
    mkdir -p "$build" || return 1
    copy_source || return 1
    if [ ! -f "$work/src/Makefile.in" ] ||
        [ "$work/src/configure.ac" -nt "$work/src/configure" ] ||
        [ "$work/src/Makefile.am" -nt "$work/src/Makefile.in" ]; then
        quietly "$work/autoreconf.log" autoreconf -i "$work/src" || return 1
    fi
    if [ ! -f "$build/Makefile" ] ||
        [ "$work/src/configure" -nt "$build/config.status" ] ||
        [ "$(cat "$build/options" 2>/dev/null)" != "$*" ]; then
        ( cd "$build" && quietly configure.log "$work/src/configure" "$@" ) ||
            return 1
        printf '%s\n' "$*" >"$build/options"
    fi
    quietly "$build/make.log" make -C "$build" --no-print-directory \
        -j"$(nproc)" $targets
}

# Runs a command into a log; the log is shown when it fails.
quietly() {
    log=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "$0: failed: $*" >&2
        return 1
    fi
}
