"""The landmark detector and all that makes one."""
