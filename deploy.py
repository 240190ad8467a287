"""A GPU server, in the order in which it is built: a bare Debian or Ubuntu becomes what its declaration says."""

from pyinfra import host

from rigwright.engine.layers import layers_of
from rigwright.spec.load import rig_of
from tasks.access import access
from tasks.backup import backup
from tasks.base import base
from tasks.containers import containers
from tasks.cuda import cuda
from tasks.driver import driver
from tasks.gateway import gateway
from tasks.models import models
from tasks.reboot import reboot
from tasks.rigd import rigd
from tasks.runtimes import runtimes
from tasks.tuning import tuning

rig = rig_of(host)
layers = layers_of(host)  # all of them, or those that were asked for

if "base" in layers:
    base(rig)  # the distribution itself: archive, packages, clock, journal, upgrades, disks
if "access" in layers:
    access(rig)  # people, SSH, firewall
if "driver" in layers:
    driver(rig)  # NVIDIA's kernel modules and user space
if "cuda" in layers:
    cuda(rig)  # CUDA toolkits, side by side
if "containers" in layers:
    containers(rig)  # container engine, and the GPUs in it
if "tuning" in layers:
    tuning(rig)  # kernel command line, modules, sysctl, governor
if "rigd" in layers:
    rigd(rig)  # the keeper of fans, power limits and clocks
if "models" in layers:
    models(rig)  # the weights, pinned by their lock
if "runtimes" in layers:
    runtimes(rig)  # what serves them
if "gateway" in layers:
    gateway(rig)  # the one door to them
if "backup" in layers:
    backup(rig)  # what must survive a reinstall

reboot(rig)  # once, when the host's state calls for it and the declaration allows it
