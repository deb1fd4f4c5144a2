#!/bin/busybox sh
# The virtual machine's first program: the host's root, read-only, with an overlay in memory on top, becomes its own, and
# the job in the shared folder is run there.
box=/bin/busybox
$box mount -t proc proc /proc
$box mount -t sysfs sys /sys
$box mount -t devtmpfs dev /dev
for module in $($box cat /module-order); do $box insmod "/modules/$module"; done
options=trans=virtio,version=9p2000.L,msize=512000
$box mount -t 9p -o $options,cache=loose,ro root /host
$box mount -t tmpfs tmpfs /scratch
$box mkdir /scratch/upper /scratch/work
$box mount -t overlay -o lowerdir=/host,upperdir=/scratch/upper,workdir=/scratch/work overlay /new
$box mkdir -p /new/run /new/tmp
$box mount -t tmpfs tmpfs /new/run
$box mount -t tmpfs -o mode=1777 tmpfs /new/tmp
$box mkdir /new/run/job
$box mount -t 9p -o $options job /new/run/job
exec $box switch_root /new /bin/bash /run/job/job.sh
