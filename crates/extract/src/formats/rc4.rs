/// The stream cipher RC4. It keeps no secret any more; here it only has to be undone.
#[derive(Clone)]
pub(super) struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    /// The cipher at the beginning of its stream. A key without bytes is one of a single nought.
    pub(super) fn new(key: &[u8]) -> Rc4 {
        let key = if key.is_empty() { &[0] } else { key };
        let mut state = [0u8; 256];
        state.iter_mut().zip(0u8..=255).for_each(|(place, n)| *place = n);
        let mut this = Rc4 { state, i: 0, j: 0 };
        for (n, key) in (0u8..=255).zip(key.iter().cycle()) {
            this.j = this.j.wrapping_add(this.at(n)).wrapping_add(*key);
            this.state.swap(n.into(), this.j.into());
        }
        this.j = 0;
        this
    }

    fn at(&self, place: u8) -> u8 {
        self.state.get(usize::from(place)).copied().unwrap_or_default()
    }

    /// The next byte of the stream.
    pub(super) fn next(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        self.j = self.j.wrapping_add(self.at(self.i));
        self.state.swap(self.i.into(), self.j.into());
        self.at(self.at(self.i).wrapping_add(self.at(self.j)))
    }

    /// Mixes the stream into these bytes: encrypts what is plain, and the other way round.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte ^= self.next());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cipher_gives_its_known_stream() {
        // RFC 6229, section 2: the key of 40 bits 0x0102030405.
        let mut stream = [0; 8];
        Rc4::new(&[1, 2, 3, 4, 5]).apply(&mut stream);
        assert_eq!(stream, [0xB2, 0x39, 0x63, 0x05, 0xF0, 0x3D, 0xC0, 0x27]);
    }
}
