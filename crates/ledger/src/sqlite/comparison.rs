//! How fingerprints are compared: counting bits is nearly all of what a search among a million of them does.

use madang_document::fingerprint::Fingerprint;

use super::shelves::Shelved;

/// Puts the places of those that differ from a fingerprint in at most so many bits, each with in how many.
pub(super) fn near(
    row: &[Shelved],
    print: &Fingerprint,
    farthest: u32,
    found: &mut Vec<(usize, u32)>,
) {
    // One instruction counts the bits of a word, where the processor has it; a dozen do where nobody asked.
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("popcnt") {
        #[allow(unsafe_code, reason = "the instruction was asked for just now")]
        // SAFETY: the function needs nothing but the instruction.
        unsafe {
            near_by_instruction(row, print, farthest, found);
        }
        return;
    }
    each(row, print, farthest, found);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn near_by_instruction(
    row: &[Shelved],
    print: &Fingerprint,
    farthest: u32,
    found: &mut Vec<(usize, u32)>,
) {
    each(row, print, farthest, found);
}

#[inline(always)]
fn each(row: &[Shelved], print: &Fingerprint, farthest: u32, found: &mut Vec<(usize, u32)>) {
    for (place, shelved) in row.iter().enumerate() {
        let distance = shelved.print.distance(print);
        if distance <= farthest {
            found.push((place, distance));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_counting_find_the_same() {
        let row: Vec<Shelved> = (0..500u64)
            .map(|n| {
                let word = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let print = Fingerprint::new([word, word >> 7, n, u64::MAX << (n % 64)]);
                Shelved { id: n as i64, print, shingles: 1 }
            })
            .collect();
        let print = Fingerprint::new([u64::MAX, 0, 0, 0]);
        let (mut counted, mut plain) = (Vec::new(), Vec::new());
        near(&row, &print, 90, &mut counted);
        each(&row, &print, 90, &mut plain);
        assert_eq!(counted, plain);
        assert!((1..500).contains(&counted.len()), "{}", counted.len());
        for (place, distance) in counted {
            assert_eq!(row[place].print.distance(&print), distance);
        }
    }
}
