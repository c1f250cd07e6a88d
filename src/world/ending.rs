//! The end of all processes where one has failed.

use crate::agreement::{announce, broken};
use crate::connection::world;
use crate::failure::{Reported, to_json};
use cistron_base::Fault;
use std::time::Duration;

/// How long a process that has failed waits for the first one to write its record.
const GRACE: Duration = Duration::from_secs(8);

/// Ends all processes with the exit code of a failure: that of this process, or the one that
/// another has reported. The first process has written its record by now; others give it some
/// seconds to. `print` prints the fault, on the first process or where no other one can.
pub fn fail(fault: &Fault, code: u8, print: impl FnOnce()) -> u8 {
    let Ok(Some(world)) = world() else {
        print();
        return code;
    };
    let reported = Reported { rank: world.rank };
    let is_known = announce(world, &reported, to_json(fault).to_string().as_bytes());
    if world.rank == 0 || !is_known {
        print();
    }
    if world.rank != 0 && is_known {
        // the first process ends this one, by a signal that nothing is left to react to
        // SAFETY: the action of a signal becomes that of the system
        unsafe { libc::signal(libc::SIGTERM, libc::SIG_DFL) };
        std::thread::sleep(GRACE);
    }
    broken(fault.clone());
    (world.functions.abort)(i32::from(code))
}
