//! Limits of requests, as errors and pages state them.

use serde_json::{Value, json};
use std::time::Duration;

/// Bytes of the body of a request.
pub const BODY: usize = 2 << 20;
/// Bytes of a body that are read and dropped, so that the client receives the error.
pub const DROPPED: usize = 32 << 20;
/// Bytes of the head of a request.
pub const HEAD: usize = 32 << 10;
/// Time to receive the head of a request, and as long again for its body.
pub const RECEIVE: Duration = Duration::from_secs(10);
/// Time without progress after which an answer that its client does not read is dropped.
pub const STALLED: Duration = Duration::from_secs(30);
/// Time for requests that run when the server is stopped, and for their clients to read.
pub const DRAIN: Duration = Duration::from_secs(60);
/// Open connections; others wait.
pub const CONNECTIONS: usize = 256;
/// Requests that wait for the network; others are refused with status 503.
pub const WAITING: usize = 128;
/// Ids of a request.
pub const IDS: usize = 60_000;
/// Characters of an id.
pub const ID: usize = 200;
/// Pairs of a request.
pub const PAIRS: usize = 100_000;
/// Unknown ids for which similar ones are searched; others are listed without.
pub const SUGGESTED: usize = 20;
/// Sequences of a request.
pub const SEQUENCES: usize = 1_000;
/// Bases of a request, all sequences together.
pub const BASES: usize = 1_000_000;
/// Bases of a sequence whose contributions are computed.
pub const EXPLAINED: usize = 20_000;
/// Positions of a logo.
pub const LOGO: usize = 400;

/// The limits as the API lists them.
pub fn listed() -> Value {
    json!({
        "bytes": BODY, "ids": IDS, "characters_of_an_id": ID, "pairs": PAIRS,
        "sequences": SEQUENCES, "bases": BASES, "explained_bases": EXPLAINED,
        "positions_of_a_logo": LOGO,
    })
}
