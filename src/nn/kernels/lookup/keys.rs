//! Keys: numbers of four neighbouring bases, or of k-mers, at each position of a sequence.

use super::shape::Kmers;
use super::tables::{KEY, KNOWN};
use crate::kernels::Pads;
use cistron_base::wide::widest;

/// The keys of all windows of four bases of a padded sequence. A follows its end, where weights are
/// 0.
pub fn of_bases(codes: &[u8], pads: Pads, out: &mut Vec<u16>) {
    out.clear();
    if pads == Pads::NONE && is_known(codes) {
        let letter = |i: usize| u16::from(codes.get(i).copied().unwrap_or(0));
        out.resize((codes.len() + 1).saturating_sub(KEY), 0);
        known_keys(codes, out);
        out.extend(
            (out.len()..=codes.len())
                .map(|i| (0..KEY).fold(0, |key, offset| key << 2 | letter(i + offset))),
        );
        return;
    }
    let length = codes.len() + pads.total();
    let at = |i: usize| {
        if i < pads.before || i >= pads.before + codes.len() {
            if i >= length { 0 } else { 4 }
        } else {
            codes[i - pads.before].min(4)
        }
    };
    let (mut known, mut mixed) = (0u16, 0u16);
    let mut last_unknown: Option<usize> = None;
    for i in 0..length + KEY {
        let code = at(i);
        if code == 4 {
            last_unknown = Some(i);
        }
        known = (known << 2 | u16::from(code & 3)) & 255;
        mixed = (mixed % 125) * 5 + u16::from(code);
        if i + 1 >= KEY {
            let is_clean = last_unknown.is_none_or(|n| n + KEY <= i);
            out.push(if is_clean {
                known
            } else {
                KNOWN as u16 + mixed
            });
        }
    }
}

/// The numbers of all k-mers of a padded sequence; k-mers with an N have the last number.
pub fn of_kmers(codes: &[u8], pads: Pads, kmers: Kmers, out: &mut Vec<u16>) {
    out.clear();
    let unknown = kmers.count() as u16;
    out.resize(pads.before, unknown);
    let (mut kmer, mut known) = (0u16, 0);
    for (i, code) in codes.iter().enumerate() {
        kmer = (kmer << 2 | u16::from(code & 3)) & (unknown - 1);
        known = if *code < 4 { known + 1 } else { 0 };
        if i + 1 >= kmers.k {
            out.push(if known >= kmers.k { kmer } else { unknown });
        }
    }
    out.resize(out.len() + pads.after, unknown);
}

/// Whether all bases are known.
pub fn is_known(codes: &[u8]) -> bool {
    // no early exit, so that the loop is vectorised
    codes.iter().fold(0, |most, code| most.max(*code)) < 4
}

/// The keys of windows of four known bases.
#[inline(always)]
fn keys_of_known(codes: &[u8], out: &mut [u16]) {
    for (four, key) in codes.windows(KEY).zip(out) {
        *key = u16::from(four[0]) << 6
            | u16::from(four[1]) << 4
            | u16::from(four[2]) << 2
            | u16::from(four[3]);
    }
}

widest!(known_keys(codes: &[u8], out: &mut [u16]) -> (), keys_of_known);
