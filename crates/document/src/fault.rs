use serde::{Deserialize, Serialize};

/// Declares the faults with their sentences in one table.
macro_rules! faults {
    ($($fault:ident, $english:literal, $korean:literal;)*) => {
        /// What a reader of ours met in bytes that contradict themselves.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault {
            $(#[doc = $english] $fault,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Fault] = &[$(Fault::$fault),*];

            /// Its sentence without a full stop: Korean first.
            pub(crate) fn sentence(self) -> (&'static str, &'static str) {
                match self {
                    $(Fault::$fault => ($korean, $english),)*
                }
            }
        }
    };
}

faults! {
    BlockMark, "a block has no mark", "블록에 표지가 없습니다";
    BlockSize, "a block does not unpack to its size", "블록이 적힌 크기로 풀리지 않습니다";
    BlockTooLarge, "a block is too large", "블록이 너무 큽니다";
    BlockWithoutEnd, "a block has no end", "블록에 끝이 없습니다";
    BlockWithoutLetters, "a block holds no letters", "블록에 글자 표가 없습니다";
    LeadsOutOfBlock, "a place leads out of its block", "블록 밖을 가리키는 위치가 있습니다";
    RunTooLong, "a run is longer than its block", "되풀이가 블록보다 깁니다";
    TableCount, "the number of code tables is impossible", "부호 표의 수가 있을 수 없는 값입니다";
    NoTable, "it asks for a code table that is not there", "없는 부호 표를 가리킵니다";
    CodeLength, "a code has an impossible length", "부호의 길이가 있을 수 없는 값입니다";
    CodeWidth, "the width of the codes is impossible", "부호의 너비가 있을 수 없는 값입니다";
    NoCode, "it uses a code that is not in its table", "표에 없는 부호가 쓰였습니다";
    NoLetter, "it uses a letter that is not in its table", "표에 없는 글자가 쓰였습니다";
    CodeTooEarly, "it uses a code before that is made", "아직 만들어지지 않은 부호가 쓰였습니다";
    EmptyCode, "it uses a code that stands for nothing", "아무것도 뜻하지 않는 부호가 쓰였습니다";
    ValueExpected, "a value was expected", "값이 있어야 할 자리에 값이 없습니다";
    NoValue, "a word is no value", "값이 아닌 말이 있습니다";
    StringWithoutEnd, "a string does not end", "문자열이 끝나지 않습니다";
    EscapeWithoutDigits, "a character has no four digits", "글자의 번호가 네 자리가 아닙니다";
    OutOfMemory, "memory ran out", "메모리가 모자랍니다";
    NoStream, "there is no such stream", "그런 스트림이 없습니다";
    NoDecoder, "there is no decoder for its codec", "이 코덱을 푸는 해독기가 없습니다";
    NoKeyFrame, "no key frame is within reach", "가까이에 키 프레임이 없습니다";
    NoFrameDecodes, "none of its key frames decodes", "풀리는 키 프레임이 없습니다";
    FrameEmpty, "the frame is empty", "프레임이 비어 있습니다";
    PixelFormat, "its pixel format cannot be converted", "화소 형식을 바꿀 수 없습니다";
    NotScaled, "the frame cannot be scaled", "프레임의 크기를 바꿀 수 없습니다";
    FrameIncomplete, "the frame is incomplete", "프레임이 온전하지 않습니다";
    NoSoundDecodes, "none of its sound decodes", "풀리는 소리가 없습니다";
    SampleFormat, "its samples cannot be converted", "소리의 표본을 바꿀 수 없습니다";
    Window, "the size of its window is impossible", "창의 크기가 있을 수 없는 값입니다";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_in_korean() {
        for fault in Fault::ALL {
            let (korean, english) = fault.sentence();
            assert!(!korean.contains(|c: char| c.is_ascii_alphabetic()), "{korean}");
            assert!(english.is_ascii(), "{english}");
        }
    }
}
