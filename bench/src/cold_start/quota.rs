//! A share of one CPU for a program, by the kernel's bandwidth control: cgroup v2 if it is there, else v1.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Lambda shares CPU out in periods of 20 ms.
const PERIOD_MICROS: u32 = 20_000;

/// The kernel takes no quota below this.
const LEAST_QUOTA_MICROS: u32 = 1_000;

/// A control group that gets a share of one CPU; removed when this is dropped.
pub(super) struct Quota {
    group: PathBuf,
}

impl Quota {
    /// A group with `percent` of one CPU; needs the right to make control groups, which root has.
    pub(super) fn new(percent: u32) -> Result<Quota> {
        let quota_micros = (PERIOD_MICROS * percent / 100).max(LEAST_QUOTA_MICROS);
        let name = format!("leadline-cold-start-{}", std::process::id());
        let (parent, is_v2) = controller()?;
        let group = parent.join(name);
        fs::create_dir(&group).with_context(|| format!("cannot make {}", group.display()))?;
        let quota = Quota { group };
        if is_v2 {
            write(
                &quota.group.join("cpu.max"),
                &format!("{quota_micros} {PERIOD_MICROS}"),
            )?;
        } else {
            write(
                &quota.group.join("cpu.cfs_period_us"),
                &PERIOD_MICROS.to_string(),
            )?;
            write(
                &quota.group.join("cpu.cfs_quota_us"),
                &quota_micros.to_string(),
            )?;
        }
        Ok(quota)
    }

    /// The file that takes the number of a process which is to live in the group.
    pub(super) fn members(&self) -> PathBuf {
        self.group.join("cgroup.procs")
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // Stays, empty and harmless, if a process is still ending in it.
        let _still_in_use = fs::remove_dir(&self.group);
    }
}

/// Where groups for the CPU are made, and whether in the manner of v2.
fn controller() -> Result<(PathBuf, bool)> {
    let mounts = fs::read_to_string("/proc/mounts").context("cannot read /proc/mounts")?;
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, place, kind, options, ..] = fields[..] else {
            continue;
        };
        let place = Path::new(place);
        if kind == "cgroup" && options.split(',').any(|option| option == "cpu") {
            return Ok((place.to_owned(), false));
        }
        if kind == "cgroup2" {
            let controllers =
                fs::read_to_string(place.join("cgroup.controllers")).unwrap_or_default();
            if controllers.split_whitespace().any(|name| name == "cpu") {
                // Refused where it is on already or not ours to switch; making the quota tells.
                let _may_be_on = fs::write(place.join("cgroup.subtree_control"), "+cpu");
                return Ok((place.to_owned(), true));
            }
        }
    }
    bail!("no control groups with the cpu controller are mounted")
}

fn write(path: &Path, value: &str) -> Result<()> {
    fs::write(path, value).with_context(|| format!("cannot write {}", path.display()))
}
