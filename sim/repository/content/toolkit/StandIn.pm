# What the stand-ins of NVIDIA's container toolkit share: JSON, the host's devices, and what a container gets of them.
# Plain Perl of Debian's perl-base: a host has no more than that.
package StandIn;
use strict;
use warnings;
use Cwd 'realpath';
use Exporter 'import';
our @EXPORT_OK = qw(say_at fail read_json write_json text raw devices edits read_file write_file);

my $SIMULATION = '/usr/local/lib/rigwright-sim/libnvidia-ml.so.1';
my $CONFIGURATION = '/etc/rigwright-sim/gpus.conf';
my $STATE = '/run/rigwright-sim/gpus'; # how the simulated cards are: containers see the same ones
my $LIBRARIES = '/usr/lib/x86_64-linux-gnu';
our $quiet = 0;

sub say_at {
    my ($level, $message) = @_;
    return if $quiet && $level ne 'error';
    my @now = gmtime;
    printf STDERR qq{time="%04d-%02d-%02dT%02d:%02d:%02dZ" level=%s msg="%s"\n},
        $now[5] + 1900, $now[4] + 1, @now[3, 2, 1, 0], $level, $message;
}

sub fail { say_at('error', $_[0]); exit 1 }

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or fail("open $path: $!");
    local $/;
    return scalar <$file>;
}

# Whole or not at all: readers look at any time.
sub write_file {
    my ($path, $content) = @_;
    my ($folder) = $path =~ m{^(.*)/} or fail("not an absolute path: $path");
    system('mkdir', '-p', $folder) == 0 or exit 1;
    open my $file, '>', "$path.$$" or fail("open $path.$$: $!");
    print {$file} $content;
    close $file or fail("close $path.$$: $!");
    rename "$path.$$", $path or fail("rename $path.$$: $!");
}

# JSON. A scalar is kept as it is written there, in a reference: what is not understood is not changed either.

sub raw { my ($token) = @_; return \$token }

sub text {
    my ($string) = @_;
    $string =~ s/(["\\])/\\$1/g;
    return raw(qq{"$string"});
}

sub read_json {
    my ($source) = @_;
    my @tokens = $source =~ /("(?:[^"\\]|\\.)*"|[-+\w.]+|[\[\]{}:,]|\S)/g;
    my $value = _value(\@tokens);
    die "text after the end\n" if @tokens;
    return $value;
}

sub _value {
    my ($tokens) = @_;
    my $token = shift @$tokens;
    die "unexpected end\n" unless defined $token;
    return _list($tokens) if $token eq '[';
    return _map($tokens) if $token eq '{';
    die "unexpected $token\n" unless $token =~ /^(?:"|-?\d|true$|false$|null$)/;
    return raw($token);
}

sub _list {
    my ($tokens) = @_;
    my @items;
    return shift @$tokens && [] if ($tokens->[0] // '') eq ']';
    while (1) {
        push @items, _value($tokens);
        my $next = shift @$tokens // '';
        return \@items if $next eq ']';
        die "expected , or ]\n" if $next ne ',';
    }
}

sub _map {
    my ($tokens) = @_;
    my %items;
    return shift @$tokens && {} if ($tokens->[0] // '') eq '}';
    while (1) {
        my $name = shift @$tokens // '';
        $name =~ s/^"(.*)"$/$1/s or die "expected a name\n";
        (shift @$tokens // '') eq ':' or die "expected :\n";
        $items{$name} = _value($tokens);
        my $next = shift @$tokens // '';
        return \%items if $next eq '}';
        die "expected , or }\n" if $next ne ',';
    }
}

# Names sorted and four blanks a level, as the real program writes.
sub write_json {
    my ($value, $margin) = @_;
    $margin //= '';
    my $inner = "$margin    ";
    if (ref $value eq 'HASH') {
        return '{}' unless %$value;
        return "{\n" . join(",\n", map { qq{$inner"$_": } . write_json($value->{$_}, $inner) } sort keys %$value)
            . "\n$margin}";
    }
    if (ref $value eq 'ARRAY') {
        return '[]' unless @$value;
        return "[\n" . join(",\n", map { $inner . write_json($_, $inner) } @$value) . "\n$margin]";
    }
    return $$value;
}

# Index and UUID of each device that the driver tells of; ends the program where none answers.
sub devices {
    my @lines = `nvidia-smi --query-gpu=index,uuid --format=csv,noheader 2>/dev/null`;
    my @found = map { /^(\d+), (GPU-\S+)$/ ? [$1, $2] : () } @lines;
    fail('failed to generate CDI spec: failed to create device CDI specs: failed to initialize NVML: '
        . (_library('libnvidia-ml.so.1') ? 'Driver Not Loaded' : 'ERROR_LIBRARY_NOT_FOUND')) if $? || !@found;
    return @found;
}

sub _library {
    my ($name) = @_;
    my ($line) = grep { /^\s*\Q$name\E \(libc6,x86-64/ } `/sbin/ldconfig -p`;
    return $line && $line =~ /=> (\S+)/ ? realpath($1) : undef;
}

# What a container gets: mounts of all devices together, and beside them one mount a device. The simulated library has
# no device nodes that could be given to a container or kept from it; it shows the devices that it finds files of.
sub edits {
    my ($version) = `nvidia-smi --query-gpu=driver_version --format=csv,noheader` =~ /^(\S+)/
        or fail('failed to get the driver version');
    my (@common, %device);
    for my $name ('libnvidia-ml.so', 'libcuda.so') {
        my $library = _library("$name.1") or next;
        push @common, _mount($library, "$LIBRARIES/$name.$version"), _mount($library, "$LIBRARIES/$name.1");
    }
    my ($program) = grep { -x } map { "$_/nvidia-smi" } split /:/, $ENV{PATH};
    push @common, _mount($program, '/usr/bin/nvidia-smi') if $program;
    if (-e $SIMULATION) {
        push @common, _mount($CONFIGURATION, $CONFIGURATION), _mount($STATE, $STATE, 'rw');
        %device = map { $_->[1] => _mount($CONFIGURATION, "/etc/rigwright-sim/visible/$_->[1]") } devices();
    }
    return (\@common, \%device);
}

sub _mount {
    my ($from, $to, $access) = @_;
    my @options = map { text($_) } $access // 'ro', qw(nosuid nodev rbind rprivate);
    return {hostPath => text($from), containerPath => text($to), options => \@options};
}

1;
