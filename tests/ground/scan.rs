//! A scan of as many sheets as a test wants: written here, because a file of forty would be large.

use super::binary::fixture;

/// A PDF of so many sheets. Each shows the same notice a little lower than the one before, so that none looks like another.
///
/// # Panics
/// When the notice is no PNG that PDF can hold as it is.
pub fn scan(sheets: usize) -> Vec<u8> {
    let png = fixture("png/scanned-words.png");
    let header = png.get(16..29).expect("a header");
    let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    let (width, height, bits) = (number(0), number(4), header[8]);
    assert_eq!((header[9], header[12]), (3, 0), "of a palette, and not interlaced");
    let (mut palette, mut pixels) = (Vec::new(), Vec::new());
    let mut rest = &png[8..];
    while let Some((head, behind)) = rest.split_at_checked(8) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        match &head[4..] {
            b"IDAT" => pixels.extend_from_slice(&behind[..length]),
            b"PLTE" => palette.extend_from_slice(&behind[..length]),
            _ => {}
        }
        rest = &behind[length + 4..];
    }
    let shades: String = palette.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = File::default();
    let kids: Vec<String> = (0..sheets).map(|n| format!("{} 0 R", 4 + 2 * n)).collect();
    file.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    let tree = format!("<< /Type /Pages /Count {sheets} /Kids [{}] >>", kids.join(" "));
    file.object(tree.as_bytes());
    file.stream(
        &format!(
            "/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent {bits} \
             /ColorSpace [/Indexed /DeviceRGB {} <{shades}>] /Filter /FlateDecode \
             /DecodeParms << /Predictor 15 /Colors 1 /BitsPerComponent {bits} /Columns {width} >>",
            palette.len() / 3 - 1
        ),
        &pixels,
    );
    // At 300 dots to the inch.
    let points = |pixels: u32| f64::from(pixels) * 0.24;
    let (wide, high) = (points(width), points(height));
    for n in 0..sheets {
        file.object(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {wide} {}] /Contents {} 0 R \
                 /Resources << /XObject << /A 3 0 R >> >> >>",
                high + sheets as f64,
                5 + 2 * n
            )
            .as_bytes(),
        );
        file.stream("", format!("{wide} 0 0 {high} 0 {n} cm /A Do").as_bytes());
    }
    file.end()
}

/// A PDF that is being written.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl File {
    /// Writes the next object.
    fn object(&mut self, body: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(b"%PDF-1.7\n");
        }
        self.places.push(self.bytes.len());
        self.bytes.extend_from_slice(format!("{} 0 obj\n", self.places.len()).as_bytes());
        self.bytes.extend_from_slice(body);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    fn stream(&mut self, entries: &str, data: &[u8]) {
        let head = format!("<< {entries} /Length {} >>\nstream\n", data.len());
        self.object(&[head.as_bytes(), data, b"\nendstream"].concat());
    }

    fn end(mut self) -> Vec<u8> {
        let (table, size) = (self.bytes.len(), self.places.len() + 1);
        let places: String =
            self.places.iter().map(|place| format!("{place:010} 00000 n \n")).collect();
        let end = format!(
            "xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<< /Size {size} /Root 1 0 R >>\n\
             startxref\n{table}\n%%EOF\n"
        );
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes
    }
}
