use serde::{Deserialize, Serialize};

/// What was read in the place of what is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// The stored preview of the first page.
    FirstPage,
    /// The parts of a package in front of the damage.
    PartsBefore,
    /// The sections in front of the damage.
    SectionsBefore,
    /// What stands before it.
    WhatStandsBefore,
    /// The members, one after the other without the table of contents.
    MemberByMember,
    /// The rest as plain text.
    PlainText,
    /// The slides as they lie in the file.
    AsTheyLie,
    /// Only the tags of a medium.
    Tags,
    /// The outline of a slide.
    Outline,
    /// The preview that the document stores of itself.
    Preview,
}

impl Instead {
    /// The clause that follows the sentence, Korean first.
    pub fn clause(self) -> (&'static str, &'static str) {
        match self {
            Instead::FirstPage => (
                "저장된 첫 쪽 미리보기의 글을 읽었습니다",
                "the text is the stored preview of the first page",
            ),
            Instead::PartsBefore => {
                ("손상된 곳 앞의 부분을 읽었습니다", "these are the parts in front of the damage")
            }
            Instead::SectionsBefore => (
                "손상된 곳 앞의 구역을 읽었습니다",
                "these are the sections in front of the damage",
            ),
            Instead::WhatStandsBefore => ("그 앞까지 읽었습니다", "what stands before it was read"),
            Instead::MemberByMember => {
                ("안의 파일을 차례로 하나씩 읽었습니다", "read member by member instead")
            }
            Instead::PlainText => {
                ("나머지는 그냥 글로 읽었습니다", "the rest is read as plain text")
            }
            Instead::AsTheyLie => (
                "슬라이드를 파일에 놓인 차례대로 읽었습니다",
                "slides are given as they lie in the file",
            ),
            Instead::Tags => ("태그만 읽었습니다", "only its tags were read"),
            Instead::Outline => ("그 슬라이드의 개요를 읽었습니다", "this is its outline"),
            Instead::Preview => {
                ("안에 저장된 미리보기만 읽었습니다", "only the preview that it stores was read")
            }
        }
    }
}
