//! Formulas of Word documents (ECMA-376 part 1, section 22.1) on one line, as Word itself writes them out: `a^2`,
//! `x_(n+1)`, `(a+b)/2`, `√(x)`. What is only drawn (brackets, the sign of a sum) stands in no run of text.

use super::markup::{Markup, Node, Tag};

/// An open element of a formula.
#[derive(Default)]
struct Element {
    name: String,
    /// What stood in it so far, by the names of its parts.
    parts: Vec<(String, String)>,
    /// The signs that its properties name.
    sign: Option<String>,
    begin: Option<String>,
    end: Option<String>,
    between: Option<String>,
}

/// Reads a formula, whose opening tag the walk has just met.
pub(super) fn formula(markup: &mut Markup<'_>) -> String {
    let mut open = vec![Element::default()];
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match tag.name() {
                "rPr" | "ctrlPr" | "del" | "moveFrom" => markup.skip(),
                "t" => {
                    let text = markup.text();
                    add(&mut open, "t", text);
                }
                "chr" | "begChr" | "endChr" | "sepChr" => {
                    note_sign(&mut open, &tag);
                    markup.skip();
                }
                name => open.push(Element { name: name.to_owned(), ..Element::default() }),
            },
            Node::End(name) => {
                // The end of what was not opened here is the end of the formula.
                if open.len() == 1 {
                    break;
                }
                let text = open.pop().map(shown).unwrap_or_default();
                add(&mut open, &name, text);
            }
            Node::Text(_) => {}
        }
    }
    // What the end of the text left open is closed here.
    while let Some(element) = open.pop() {
        let name = element.name.clone();
        let text = shown(element);
        if open.is_empty() {
            return text;
        }
        add(&mut open, &name, text);
    }
    String::new()
}

fn add(open: &mut [Element], name: &str, text: String) {
    if let Some(element) = open.last_mut() {
        element.parts.push((name.to_owned(), text));
    }
}

/// The properties of an element name its signs: they belong to the element around the properties.
fn note_sign(open: &mut [Element], tag: &Tag<'_>) {
    let value = Some(tag.attribute("val").unwrap_or_default());
    let around = open.len().checked_sub(2).and_then(|at| open.get_mut(at));
    let Some(element) = around else { return };
    match tag.name() {
        "chr" => element.sign = value,
        "begChr" => element.begin = value,
        "endChr" => element.end = value,
        _ => element.between = value,
    }
}

/// The element on a line.
fn shown(element: Element) -> String {
    let part = |name: &str| {
        let found = element.parts.iter().find(|(part, _)| part == name);
        found.map(|(_, text)| text.as_str()).unwrap_or_default()
    };
    let each = |name: &str, between: &str| {
        let parts = element.parts.iter().filter(|(part, _)| part == name);
        parts.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(between)
    };
    let raised = |sign: &str, name: &str| match part(name) {
        "" => String::new(),
        text => format!("{sign}{}", grouped(text)),
    };
    let or = |sign: &Option<String>, usual: &str| sign.clone().unwrap_or_else(|| usual.to_owned());
    match element.name.as_str() {
        "f" => format!("{}/{}", grouped(part("num")), grouped(part("den"))),
        "sSup" | "sSub" | "sSubSup" | "limLow" | "limUpp" => {
            let lower = raised("_", if element.name == "limLow" { "lim" } else { "sub" });
            let upper = raised("^", if element.name == "limUpp" { "lim" } else { "sup" });
            format!("{}{lower}{upper}", part("e"))
        }
        "sPre" => format!("{}{} {}", raised("_", "sub"), raised("^", "sup"), part("e")),
        "rad" => match part("deg") {
            "" => format!("√{}", grouped(part("e"))),
            degree => format!("√[{degree}]{}", grouped(part("e"))),
        },
        "nary" => {
            let sign = or(&element.sign, "∫");
            format!("{sign}{}{} {}", raised("_", "sub"), raised("^", "sup"), part("e"))
        }
        "d" => {
            let inside = each("e", &or(&element.between, "|"));
            format!("{}{inside}{}", or(&element.begin, "("), or(&element.end, ")"))
        }
        "func" => format!("{} {}", part("fName"), part("e")),
        "mr" => each("e", ", "),
        "m" => each("mr", "; "),
        "eqArr" => each("e", "; "),
        _ => element.parts.iter().map(|(_, text)| text.as_str()).collect(),
    }
}

/// In brackets, unless it is a number or one sign.
fn grouped(text: &str) -> String {
    let text = text.trim();
    let whole = text.chars().nth(1).is_none() || text.chars().all(|c| c.is_ascii_digit());
    let bracketed =
        text.starts_with('(') && text.find(')').is_some_and(|first| first + 1 == text.len());
    if whole || bracketed { text.to_owned() } else { format!("({text})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(xml: &str) -> String {
        let xml = format!("<m:oMath>{xml}</m:oMath>");
        let mut markup = Markup::new(&xml);
        markup.next();
        formula(&mut markup)
    }

    fn r(text: &str) -> String {
        format!("<m:r><w:rPr><w:i/></w:rPr><m:t>{text}</m:t></m:r>")
    }

    fn e(name: &str, inside: &str) -> String {
        format!("<m:{name}>{inside}</m:{name}>")
    }

    #[test]
    fn formulas_stand_on_a_line() {
        let square = |base: &str| e("sSup", &(e("e", &r(base)) + &e("sup", &r("2"))));
        assert_eq!(
            line(&(square("a") + &r("+") + &square("b") + &r("=") + &square("c"))),
            "a^2+b^2=c^2"
        );
        let root = e("rad", &("<m:deg/>".to_owned() + &e("e", &(square("b") + &r("-4ac")))));
        let fraction = e("f", &(e("num", &(r("-b±") + &root)) + &e("den", &r("2a"))));
        assert_eq!(line(&(r("x=") + &fraction)), "x=(-b±√(b^2-4ac))/(2a)");
        assert_eq!(line(&(r("f") + &e("d", &e("e", &r("x"))))), "f(x)");
        let braces = "<m:dPr><m:begChr m:val='{'/><m:endChr m:val=''/></m:dPr>".to_owned();
        assert_eq!(line(&e("d", &(braces + &e("e", &r("x"))))), "{x");
        let bounds = e("sub", &r("n=1")) + &e("sup", &r("∞")) + &e("e", &r("n"));
        let sum = e("nary", &("<m:naryPr><m:chr m:val='∑'/></m:naryPr>".to_owned() + &bounds));
        assert_eq!(line(&sum), "∑_(n=1)^∞ n");
        let row = |a: &str, b: &str| e("mr", &(e("e", &r(a)) + &e("e", &r(b))));
        assert_eq!(line(&e("m", &(row("1", "2") + &row("3", "4")))), "1, 2; 3, 4");
    }

    #[test]
    fn a_formula_that_breaks_off_keeps_what_was_read() {
        let mut markup = Markup::new("<m:oMath><m:f><m:num><m:r><m:t>12</m:t>");
        markup.next();
        assert!(formula(&mut markup).contains("12"));
        assert_eq!(line(""), "");
    }
}
