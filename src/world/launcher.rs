//! Whether a program that starts processes has started this one beside others.

/// Variables with the number of processes, and who sets them.
const SIZES: [(&str, &str); 3] = [
    ("OMPI_COMM_WORLD_SIZE", "mpirun"),
    ("PMI_SIZE", "mpirun"),
    // of a step of srun; a batch script has SLURM_NTASKS, but is one process
    ("SLURM_STEP_NUM_TASKS", "srun"),
];

/// Variables with the number of processes on this machine.
const LOCAL_SIZES: [&str; 3] = [
    "OMPI_COMM_WORLD_LOCAL_SIZE",
    "MPI_LOCALNRANKS",
    "SLURM_NTASKS_PER_NODE",
];

/// A number of processes, and the program that started them.
pub struct Launch {
    /// The program.
    pub launcher: &'static str,
    /// The processes.
    pub size: usize,
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.trim().parse().ok()
}

/// The processes that were started together with this one, where there are several.
pub fn launched() -> Option<Launch> {
    let found = SIZES.iter().find_map(|(name, launcher)| {
        let size = number(name)?;
        Some(Launch { launcher, size })
    });
    found.filter(|launch| launch.size > 1)
}

/// The number of processes on this machine, 1 where it is not known.
pub fn local_size() -> usize {
    let known = LOCAL_SIZES.iter().find_map(|name| number(name));
    known.unwrap_or(1).max(1)
}

/// Whether the launcher has passed on what MPI needs to connect the processes (PMIx, PMI-2, PMI).
pub fn has_process_management() -> bool {
    std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("PMI"))
}
