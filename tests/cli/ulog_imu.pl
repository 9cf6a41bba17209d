# SPDX-License-Identifier: Apache-2.0 OR MIT
# sensor_combined's accelerations and angular velocities from a PX4 ULog, one sample a line as an LSM6DSO's counts at
# +-16 g and 2000 dps. A reader of its own (PX4's ULog file format page; float32, little-endian), to hold ours against.
#
# usage: perl ulog_imu.pl FILE.ulg
use strict;
use warnings;

my %size = (float => 4, double => 8, bool => 1, char => 1);
$size{"int${_}_t"} = $size{"uint${_}_t"} = $_ / 8 for 8, 16, 32, 64;
my ($accel_lsb, $gyro_lsb) = (0.000488 * 9.80665, 0.070 * 3.14159265358979 / 180);

open my $file, '<:raw', $ARGV[0] or die "$ARGV[0]: $!";
local $/;
my $bytes = <$file>;
my %offset;
my $wanted = -1;
for (my $at = 16; $at + 3 <= length $bytes;) {
    my ($length, $type) = unpack 'v a', substr $bytes, $at, 3;
    my $body = substr $bytes, $at + 3, $length;
    $at += 3 + $length;
    if ($type eq 'F' && $body =~ /^sensor_combined:(.*)/s) {
        my $place = 0;
        for (split /;/, $1) {
            my ($kind, $count, $name) = /^(\w+)(?:\[(\d+)\])? (\S+)$/ or die "field '$_'";
            $offset{$name} = $place;
            $place += $size{$kind} * ($count // 1);
        }
    } elsif ($type eq 'A') {
        my ($instance, $id, $name) = unpack 'C v a*', $body;
        $wanted = $id if $name eq 'sensor_combined' && $instance == 0;
    } elsif ($type eq 'D' && unpack('v', $body) == $wanted) {
        my @accel = unpack 'f<3', substr $body, 2 + $offset{'accelerometer_m_s2'}, 12;
        my @gyro = unpack 'f<3', substr $body, 2 + $offset{'gyro_rad'}, 12;
        print join(',', (map { 0 + sprintf '%.0f', $_ } (map { $_ / $accel_lsb } @accel), (map { $_ / $gyro_lsb } @gyro))),
            "\n";
    }
}
