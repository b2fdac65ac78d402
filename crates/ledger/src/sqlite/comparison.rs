//! How fingerprints are compared: counting bits is nearly all of what a search among a million of them does.

use madang_document::fingerprint::Fingerprint;

/// Puts the places of those that differ from a fingerprint in at most so many bits, each with in how many.
pub(super) fn near<'a>(
    prints: impl Iterator<Item = &'a Fingerprint>,
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
            near_by_instruction(prints, print, farthest, found);
        }
        return;
    }
    each(prints, print, farthest, found);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn near_by_instruction<'a>(
    prints: impl Iterator<Item = &'a Fingerprint>,
    print: &Fingerprint,
    farthest: u32,
    found: &mut Vec<(usize, u32)>,
) {
    each(prints, print, farthest, found);
}

#[inline(always)]
fn each<'a>(
    prints: impl Iterator<Item = &'a Fingerprint>,
    print: &Fingerprint,
    farthest: u32,
    found: &mut Vec<(usize, u32)>,
) {
    for (place, other) in prints.enumerate() {
        let distance = other.distance(print);
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
        let prints: Vec<Fingerprint> = (0..500u64)
            .map(|n| {
                let word = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                Fingerprint::new([word, word >> 7, n, u64::MAX << (n % 64)])
            })
            .collect();
        let print = Fingerprint::new([u64::MAX, 0, 0, 0]);
        let (mut counted, mut plain) = (Vec::new(), Vec::new());
        near(prints.iter(), &print, 90, &mut counted);
        each(prints.iter(), &print, 90, &mut plain);
        assert_eq!(counted, plain);
        assert!((1..500).contains(&counted.len()), "{}", counted.len());
        for (place, distance) in counted {
            assert_eq!(prints[place].distance(&print), distance);
        }
    }
}
