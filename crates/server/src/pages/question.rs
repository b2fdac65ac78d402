use maud::{Markup, html};

use crate::pages::words::Words;

/// An act that is asked about before it is done.
pub(crate) struct Question<'a> {
    /// The id of the question on its page.
    pub(crate) id: &'a str,
    /// What the act is called.
    pub(crate) act: &'a str,
    /// What is asked.
    pub(crate) asked: Markup,
    /// What will have happened when it is done.
    pub(crate) then: &'a str,
    /// Where the act is posted to.
    pub(crate) address: &'a str,
}

impl Question<'_> {
    /// The button, and the question that it opens. The browser opens it by itself, without a script; one that does not
    /// know how shows the question in its place, and there is no way round it.
    pub(crate) fn ask(&self, words: Words) -> Markup {
        let Question { id, act, asked, then, address } = self;
        let title = format!("{id}-asked");
        html! {
            button.danger type="button" popovertarget=(id) { (act) }
            div.question id=(id) popover role="dialog" aria-labelledby=(title) {
                p id=(title) { strong { (asked) } }
                p { (then) }
                div.line {
                    button type="button" popovertarget=(id) popovertargetaction="hide" autofocus { (words.say("그만두기", "Cancel")) }
                    form method="post" action=(address) { button.danger-fill { (act) } }
                }
            }
        }
    }
}
