//! What reasons are told in: every sentence in both languages, in this one place.

use crate::counted::counted;
use crate::foreign_words;
use crate::format_name::in_korean;
use crate::part::{Noun, Part, PartName};
use crate::particle::Particle;
use crate::quote::Quote;
use crate::reason_kind::ReasonKind;

/// What is the matter with what, as a sentence without a full stop: Korean first.
pub(crate) fn sentence(kind: &ReasonKind, part: Option<&Part>) -> (String, String) {
    use ReasonKind::*;
    let it = Subject::of(part);
    match kind {
        Said(text) => both(text, text),

        Password => both(
            format!("{}암호가 있어야 열 수 있습니다", it.topic()),
            format!("{} {} a password to open", it.english, it.verb("needs", "need")),
        ),
        Encrypted(by) => both(
            format!("{}암호화되어 있습니다{}", it.subject(), korean_bracketed(by.as_ref())),
            format!("{} encrypted{}", it.is(), bracketed(by.as_ref())),
        ),
        WrongPasswords(1) => {
            both("받은 암호로는 열리지 않습니다", "the given password does not open it")
        }
        WrongPasswords(given) => both(
            format!("받은 암호 {given}개 가운데 맞는 것이 없습니다"),
            format!("none of {given} given passwords opens it"),
        ),
        PasswordsLeft { tried, given } => both(
            format!(
                "받은 암호 {given}개 가운데 {tried}개를 넣어 보았고, 더 넣어 보는 일은 파일 하나에 너무 큽니다"
            ),
            format!(
                "{tried} of {given} given passwords were tried, for trying more of them is more work than one object \
                 may cost"
            ),
        ),
        PasswordsUntried(given) => both(
            format!("여는 방법을 모르는 방식이라 받은 암호 {given}개를 넣어 보지 않았습니다"),
            match given {
                1 => {
                    "the given password was not tried, for locks of this kind are not opened".into()
                }
                _ => format!(
                    "none of {given} given passwords was tried, for locks of this kind are not opened"
                ),
            },
        ),
        PasswordsInVain => both(
            "받은 암호가 앞의 파일을 하나도 열지 못해 넣어 보지 않았습니다",
            "the given passwords were not tried, for they opened none of the members before it",
        ),
        AllLocked(members) => both(
            format!(
                "안에 든 파일 {members}개가 모두 암호로 잠겨 있어 읽지 못했습니다. 암호를 알려 주거나 암호를 푼 파일을 올려 주세요"
            ),
            format!(
                "{} locked with a password; give the password, or drop a copy without it",
                match members {
                    1 => "the only member is".to_owned(),
                    _ => format!("all {members} members are"),
                }
            ),
        ),
        OtherPassword => both(
            format!("{}나머지와 다른 암호로 잠겼거나 손상되었습니다", it.subject()),
            format!(
                "{} {} another password than the rest, or {} damaged",
                it.english,
                it.verb("needs", "need"),
                it.verb("is", "are")
            ),
        ),
        KeyTooCostly => both(
            format!("{}열쇠를 만드는 일이 파일 하나에 너무 큽니다", it.possessive()),
            format!(
                "{} {} a key that is more work than one object may cost",
                it.english,
                it.verb("needs", "need")
            ),
        ),
        CipherUnknown => both(
            format!("{}알려지지 않은 방식으로 암호화되어 있습니다", it.subject()),
            format!("{} encrypted in a way that is not known", it.is()),
        ),
        CipherNotRead(by) => both(
            format!(
                "{}읽지 못하는 방식({})으로 암호화되어 있습니다. 암호를 푼 파일을 올려 주세요",
                it.subject(),
                korean(by)
            ),
            format!(
                "{} encrypted by {by}, which is not read: drop a copy without the password",
                it.is()
            ),
        ),
        StaysClosed => both(
            format!("암호는 맞지만 {}열리지 않습니다", it.subject()),
            format!(
                "the password is right, but {} {} closed",
                it.english,
                it.verb("stays", "stay")
            ),
        ),
        Certificate => both(
            format!("{}인증서 소유자만 열 수 있게 암호화되어 있습니다", it.topic()),
            format!("{} encrypted for the holder of a certificate", it.is()),
        ),
        Drm => both(
            format!("{}문서 보안(DRM)으로 보호되어 있습니다", it.subject()),
            format!("{} protected by rights management", it.is()),
        ),
        Wrapped(by) => both(
            format!("문서 보안(DRM)으로 감싸여 있습니다: {by}"),
            format!("{} wrapped by rights management: {by}", it.is()),
        ),
        Notice(notice) => both(
            format!("보호된 배포용 문서라서 본문 자리에 안내문 “{notice}”만 있습니다"),
            format!(
                "a protected distribution document: in place of the text stands only the notice “{notice}”"
            ),
        ),

        NoReader(of) => both(
            format!("{} 아직 읽지 못합니다", Particle::Topic.after(&in_korean(of.as_str()))),
            format!("no reader for {of}"),
        ),
        UnknownFormat => both(
            "내용으로도 이름으로도 형식을 알 수 없습니다",
            "neither the bytes nor the name tell the format",
        ),
        NotAsNamed(extension) => both(
            format!(
                "이름은 .{extension}인데 내용은 아는 형식이 아닙니다. 손상되었거나, 다른 프로그램이 잠갔거나, 이름이 잘못되었습니다"
            ),
            format!(
                "named .{extension}, but its bytes are of no known format: damaged, locked by another program, or named wrongly"
            ),
        ),
        SplitPart(before) => {
            let (korean, english) = match before {
                None | Some(0) => both("", ""),
                Some(n) => {
                    let before = counted(*n, "part stands", "parts stand");
                    both(format!(" (앞에 조각 {n}개)"), format!(": {before} before it"))
                }
            };
            both(
                format!("나눈 압축 파일의 한 조각입니다. 조각을 모두 합쳐서 올려 주세요{korean}"),
                format!(
                    "it is a part of a split archive: put the parts together and drop the whole{english}"
                ),
            )
        }
        Method(name) => packed(&it, &korean(name), &name.to_string()),
        MethodNumber { number, container } => packed(
            &it,
            &format!("{container}의 {number}번 방식"),
            &format!("method {number} of {container}"),
        ),
        MethodNameless => packed(&it, "이름 없는 방식", "a method without a name"),
        NoMediaLibraries => both(
            "소리와 영상을 읽는 라이브러리가 없습니다",
            "the libraries for audio and video are not loaded",
        ),

        SoundOfFixedCamera => both(
            "고정형 영상정보처리기기의 영상으로 선언되었는데 소리가 들어 있습니다. 개인정보 보호법 제25조제5항은 녹음을 금지합니다",
            "it has sound, and is declared as material of fixed cameras, which may record none (Personal Information Protection Act, \
             article 25(5))",
        ),

        Damaged => both(format!("{}손상되었습니다", it.subject()), format!("{} damaged", it.is())),
        DamagedAfter(0) => both(
            format!("{}처음부터 손상되었습니다", it.topic()),
            format!("{}damaged from its first byte", it.if_named()),
        ),
        DamagedAfter(bytes) => both(
            format!("{}앞 {bytes}바이트 다음이 손상되었습니다", it.topic()),
            format!("{}damaged after {}", it.if_named(), bytes_of(*bytes)),
        ),
        DamagedAt(byte) => both(
            format!("{}{byte}번째 바이트에서 손상되었습니다", it.subject()),
            format!("{}damaged at byte {byte}", it.if_named()),
        ),
        DamagedBefore => both(
            format!("이보다 앞에서 {}손상되었습니다", it.subject()),
            format!("{} damaged before it", it.is()),
        ),
        LeadsOut => {
            both("파일 밖을 가리키는 위치가 있습니다", "its positions lead out of the file")
        }
        Unreadable => both(
            format!("{}읽을 수 없습니다", it.object()),
            format!("{} cannot be read", it.english),
        ),
        NoTimeForRest => both(
            format!("시간이 모자라 {}끝까지 읽지 못했습니다", it.object()),
            format!("there was no time for all that is written on {}", it.english),
        ),
        TimeUsed => both(
            "크기와 쪽수에 따라 주어진 시간을 거의 다 썼습니다",
            "the time that it was given for its size and pages is nearly used up",
        ),
        FewBytesForPages => both(
            "그보다 많은 쪽이 서로 다르기에는 파일이 너무 작습니다",
            "the file is too small for more pages than that to differ",
        ),
        NotSeen => both(
            "그림이 너무 커서 열지 않았습니다. 글자 인식과 미리보기가 없습니다",
            "not decoded, so that neither words nor a preview are had",
        ),
        TooFine => both(
            format!(
                "{}줄여서 인식하므로 작은 글자는 읽지 못할 수 있습니다. 그림을 나누어 올리면 읽습니다",
                it.object()
            ),
            format!(
                "{} looked at smaller than it is, so that small letters may not be read; split it to have them read",
                it.is()
            ),
        ),
        NotUnpacked => both(
            format!("{}압축을 풀 수 없습니다", it.possessive()),
            format!("{} cannot be unpacked", it.english),
        ),
        NotDecoded => both(
            format!("{}해독할 수 없습니다", it.object()),
            format!("{} cannot be decoded", it.english),
        ),
        CutShort => {
            both(format!("{}중간에 끊겼습니다", it.subject()), format!("{} cut short", it.is()))
        }
        Missing => both(format!("{}없습니다", it.subject()), format!("{} missing", it.is())),
        NotThere => both(
            format!("{}목차가 가리키는 자리에 없습니다", it.subject()),
            format!("{} not where the table of contents says", it.is()),
        ),
        MissingFrom(whole) => {
            let PartName { english, korean, .. } = whole.name();
            both(
                format!("{korean}에 {}없습니다", it.subject()),
                format!("{} missing from {english}", it.is()),
            )
        }
        NotBeforeDamage => both(
            format!("손상된 곳 앞에 {}없습니다", it.subject()),
            format!("{} not in front of the damage", it.is()),
        ),
        EndsEarly => both(
            format!("{}도중에 끝납니다", it.subject()),
            format!("{} {} too early", it.english, it.verb("ends", "end")),
        ),
        EndsWithin(what) => {
            let PartName { english, korean, .. } = what.name();
            both(
                format!("{}{korean} 도중에 끝납니다", it.subject()),
                format!("{} {} within {english}", it.english, it.verb("ends", "end")),
            )
        }
        EndsBefore(what) => {
            let PartName { english, korean, .. } = what.name();
            both(
                format!("{}{korean} 앞에서 끝납니다", it.subject()),
                format!("{} {} before {english}", it.english, it.verb("ends", "end")),
            )
        }
        EndsWithinRow { row, rows } => both(
            format!("{}{rows}행 가운데 {row}번째 행 도중에 끝납니다", it.subject()),
            format!("{} ends within row {row} of {rows}", it.english),
        ),
        Beyond(whole) => {
            let PartName { english, korean, .. } = whole.name();
            both(
                format!("{}{korean}의 끝을 넘습니다", it.subject()),
                format!(
                    "{} {} beyond the end of {english}",
                    it.english,
                    it.verb("reaches", "reach")
                ),
            )
        }
        CheckSum => match part {
            None => both("체크섬이 맞지 않습니다", "the check sum does not match"),
            Some(_) => both(
                format!("{}체크섬이 맞지 않습니다", it.possessive()),
                format!("the check sum of {} does not match", it.english),
            ),
        },
        TooFewBytes { came, stated } => both(
            format!("{stated}바이트 가운데 {came}바이트만 풀렸습니다"),
            format!("only {came} of {} came out", bytes_of(*stated)),
        ),
        TooManyBytes(stated) => both(
            format!("적혀 있는 {stated}바이트보다 많이 풀렸습니다"),
            format!("more than the stated {} came out", bytes_of(*stated)),
        ),
        HoldsOnly { held, stated } => both(
            format!("{}{stated}바이트 가운데 {held}바이트만 파일에 있습니다", it.topic()),
            format!("the file holds only {held} of {} of {}", bytes_of(*stated), it.english),
        ),
        Overlaps => both("앞에 있는 파일과 자리가 겹칩니다", "it lies over the member before it"),
        Circle => both(
            format!("{}처음으로 되돌아가거나 너무 깊습니다", it.subject()),
            format!(
                "{} {} in a circle, or {} too deep",
                it.english,
                it.verb("leads", "lead"),
                it.verb("is", "are"),
            ),
        ),
        NotSigned(name) => both(
            format!("{}{name} 표지가 없습니다", it.dative()),
            format!("{} not signed as {name}", it.is()),
        ),
        Broken(said) => both(
            format!("{}손상되었습니다 ({})", it.subject(), korean(said)),
            format!("{}{said}", it.if_named_colon()),
        ),
        Faulty(fault) => {
            let (korean, english) = fault.sentence();
            let korean = match &it.korean {
                Some(name) => format!("{name}: {korean}"),
                None => korean.to_owned(),
            };
            both(korean, format!("{}{english}", it.if_named_colon()))
        }
        NoPage(1) => both("하나뿐인 쪽을 읽을 수 없습니다", "its only page cannot be read"),
        NoPage(pages) => both(
            format!("{pages}쪽 가운데 읽을 수 있는 쪽이 없습니다"),
            format!("none of its {pages} pages can be read"),
        ),
        FurtherPages(pages) => both(
            format!("이 밖에 {pages}쪽을 읽지 못했습니다"),
            format!("{} could not be read", counted(*pages, "further page", "further pages")),
        ),
        NoCharacters { unread, all } => both(
            format!("글자 {all}개 가운데 {unread}개는 글꼴이 무슨 글자인지 말하지 않습니다"),
            format!(
                "{unread} of {}: its fonts do not say which characters they show",
                counted(*all, "character", "characters")
            ),
        ),
        ForeignObject => both(
            "다른 프로그램의 개체라서 그 내용을 읽지 못합니다",
            "an object of a program whose data cannot be read",
        ),

        Unpacks(limit) => both(
            format!("{}풀면 크기에 비해 정한 한도 {limit}바이트를 넘습니다", it.topic()),
            format!("it unpacks to more than {}, the limit for its size", bytes_of(*limit)),
        ),
        UnpacksWithOthers(limit) => both(
            format!("{}풀면 앞의 것과 합쳐 파일 전체의 한도 {limit}바이트를 넘습니다", it.topic()),
            format!(
                "with what was unpacked before, {} {} more than {}, the limit for the whole file",
                it.english,
                it.verb("comes to", "come to"),
                bytes_of(*limit)
            ),
        ),
        Decodes(limit) => both(
            format!("그림을 풀면 크기에 비해 정한 한도 {limit}바이트를 넘습니다"),
            format!(
                "its pictures decode to more than {}, the limit for its size",
                bytes_of(*limit)
            ),
        ),
        Larger(limit) => both(
            format!("{}풀면 파일의 한 부분에 정한 한도 {limit}바이트를 넘습니다", it.topic()),
            format!(
                "{} larger than {} unpacked, the limit for one part of a file",
                it.is(),
                bytes_of(*limit)
            ),
        ),
        LargerThanMemory { bytes, limit } => both(
            format!(
                "{}{bytes}바이트로, 한 번에 읽을 수 있는 한도 {limit}바이트를 넘어 하나도 읽지 않았습니다. 나누어서 올려 주세요",
                it.subject()
            ),
            format!(
                "{} of {} is more than the {limit} that may be held in memory, and nothing of it was read; split it",
                it.english,
                bytes_of(*bytes)
            ),
        ),
        TakesMemory { bytes, limit } => both(
            format!(
                "{}푸는 데 메모리 {bytes}바이트가 들어 한도 {limit}바이트를 넘습니다",
                it.object()
            ),
            format!(
                "unpacking {} takes {} of memory, more than {limit}",
                it.english,
                bytes_of(*bytes)
            ),
        ),
        TakesMemoryOver(limit) => both(
            format!("{}메모리를 {limit}바이트보다 많이 씁니다", it.subject()),
            format!(
                "{} {} more than {} of memory",
                it.english,
                it.verb("takes", "take"),
                bytes_of(*limit)
            ),
        ),
        BehindTooLarge => both(
            "너무 큰 파일 뒤에, 그것과 한 덩어리로 압축되어 있습니다",
            "it lies behind a member that is too large, in one stream with it",
        ),
        TooDeep(limit) => both(
            format!("{}{limit}겹보다 깊이 겹쳐 있습니다", it.subject()),
            format!("{} lie more than {limit} deep in one another", it.english),
        ),
        MoreThan { limit, unit } => {
            let (korean, english) = unit.count(*limit);
            both(
                format!("{}한도인 {} 넘습니다", it.subject(), Particle::Object.after(&korean)),
                format!("{} {} more than {english}", it.english, it.verb("holds", "hold")),
            )
        }
        OnlyFirst { first, of, unit } => {
            let (korean, english) = unit.count(*first);
            match of {
                None => both(
                    format!("{}처음 {korean}까지만 읽었습니다", it.dative_from()),
                    format!("{}only the first {english} were read", it.if_named_colon()),
                ),
                Some(of) => {
                    let (all, _) = unit.count(*of);
                    both(
                        format!("{}{all} 가운데 처음 {korean}까지만 읽었습니다", it.dative_from()),
                        format!(
                            "{}only the first {first} of {} were read",
                            it.if_named_colon(),
                            unit.count(*of).1
                        ),
                    )
                }
            }
        }
        CutAfter { bytes, of } => both(
            match of {
                Some(of) => {
                    format!("{}{of}바이트 가운데 한도인 {bytes}바이트까지만 읽었습니다", it.topic())
                }
                None => format!("{}한도인 {bytes}바이트까지만 읽었습니다", it.topic()),
            },
            match of {
                Some(of) => {
                    format!("{} cut after {bytes} of {}, at its limit", it.was(), bytes_of(*of))
                }
                None => format!("{} cut at its limit of {}", it.was(), bytes_of(*bytes)),
            },
        ),
        CutWithin { first, of } => both(
            format!(
                "{}한도에 걸려 글 조각 {of}개 가운데 처음 {first}개 안에서 잘렸습니다",
                it.subject()
            ),
            format!(
                "{} cut within the first {first} of {}, at its limit",
                it.was(),
                counted(*of, "segment", "segments")
            ),
        ),
        TextLimit => both(
            format!("글의 한도에 이르러 {}잘렸습니다", it.subject()),
            format!("{} cut: the limit of the text is reached", it.was()),
        ),
        LimitReached => both(
            format!("한도에 이르러 {}빠졌습니다", it.subject()),
            format!("{} left out: the limit is reached", it.was()),
        ),
        LimitOrDamage => both(
            format!("{}한도나 손상된 곳까지만 읽었습니다", it.topic()),
            format!("{} read only up to a limit or to a damaged place", it.was()),
        ),
        AnswerTooLarge => both(
            "읽은 결과가 한도를 넘어 내용을 남기지 못했습니다",
            "the answer exceeds its limit; the content was left out",
        ),

        NotFinished(ms) => both(
            format!("{}초 안에 끝나지 않았습니다", seconds(*ms)),
            format!("not finished within {} s", seconds(*ms)),
        ),
        NoProgress(ms) => both(
            format!("{}초 동안 나아가지 않았습니다", seconds(*ms)),
            format!("no progress for {} s", seconds(*ms)),
        ),
        ProcessorTime(ms) => both(
            format!("처리 장치를 {}초보다 오래 썼습니다", seconds(*ms)),
            format!("more than {} s of processor time", seconds(*ms)),
        ),
        Lingered => {
            both("읽는 프로그램이 답한 뒤에 끝나지 않았습니다", "it answered but did not end")
        }
        Memory(mib) => both(
            format!("메모리를 {mib}MiB보다 많이 썼습니다"),
            format!("more than {mib} MiB of memory"),
        ),
        KilledBySystem => both(
            "아마 메모리가 모자라 운영 체제가 읽는 프로그램을 끝냈습니다 (SIGKILL)",
            "killed by the system (SIGKILL), most likely for want of memory",
        ),
        Panicked(message) => both(
            format!("읽는 프로그램이 오류로 멈췄습니다 ({})", korean(message)),
            format!("the reader panicked: {message}"),
        ),
        Signal { name, words } => both(
            format!("읽는 프로그램이 {name} 신호로 죽었습니다{}", korean_bracketed(words.as_ref())),
            format!("the reader died of {name}{}", after_colon(words.as_ref())),
        ),
        NoAnswer(words) => both(
            format!("읽는 프로그램이 답하지 않고 끝났습니다{}", korean_bracketed(words.as_ref())),
            format!("the reader ended without an answer{}", after_colon(words.as_ref())),
        ),
        Status { code, words } => both(
            format!("읽는 프로그램이 상태 {code}로 끝났습니다{}", korean_bracketed(words.as_ref())),
            format!("the reader ended with status {code}{}", after_colon(words.as_ref())),
        ),
        Protocol(violation) => both(
            format!("읽는 프로그램의 답이 규칙에 어긋납니다 ({})", korean(violation)),
            violation,
        ),
        DecoderBroke => {
            both(format!("{}읽다가 해독기가 멈췄습니다", it.object()), "the decoder broke on it")
        }

        NoSuchMember => {
            both("그런 이름의 파일이 안에 없습니다", "the object holds no member of this name")
        }

        NoText => both("글자가 없습니다", "there is no text in it"),
        NoBytes => both("내용이 없는 파일(0바이트)입니다", "the file is empty (0 bytes)"),

        Gone => both(
            "저장소에 전에 본 그대로 있지 않습니다. 정말 지워졌는지는 저장소를 다시 살피거나 운영자가 확인하면 정해집니다",
            "it is not in its store as it was seen; whether it is gone for good its source decides, or the operator where \
             many are",
        ),
        NoStore(store) => both(
            format!("파이프라인 ‘{store}’가 지금 선언되어 있지 않습니다. 다시 선언해 주세요"),
            format!("the pipeline `{store}` is not declared at present; declare it again"),
        ),
        NotOpened(said) => both(
            format!(
                "파일을 열 수 없어 읽지 않았습니다 ({}). 읽을 수 있는 파일인지 확인해 주세요",
                korean(said)
            ),
            format!("the file cannot be opened, and was not read: {said}"),
        ),
        NoFile => both(
            "이름 있는 파이프나 장치처럼 보통 파일이 아닌 것이라 읽지 않았습니다. 거기서 나오는 것을 파일에 담아 주세요",
            "it is a named pipe, a device or the like; only files are read, so copy what comes out of it into one",
        ),
        NotGiven(said) => {
            both(format!("저장소에서 파일을 받지 못했습니다 ({})", korean(said)), said)
        }
        ShownNotGiven(said) => both(
            format!("저장소가 파일을 보여 주면서 내주지 않습니다 ({})", korean(said)),
            format!("its store shows it and does not give it: {said}"),
        ),
        Stopped => both("읽는 동안 서비스가 멈췄습니다", "the service stopped while it was read"),
        AgainAndAgain => both(
            "이 파일을 읽을 때마다 작업자가 멈췄습니다",
            "the worker died of this file again and again",
        ),
        DiedOnTrial => both(
            "읽는 프로그램이 멈췄습니다. 실제로 읽을 때는 격리하기 전에 다시 시도합니다",
            "its reader died, and reading it in earnest is tried again before the file is set aside",
        ),
        WorkerSilent => both("작업자에게서 소식이 끊겼습니다", "the worker gave no sign of life"),
        OtherBytes => {
            both("전에 읽은 것과 내용이 다릅니다", "its bytes are not those that were read before")
        }
        WorkerBroke(said) => both(format!("작업자가 오류로 멈췄습니다 ({})", korean(said)), said),
        RecordingBroke(said) => both(
            format!("읽은 것을 기록하다가 오류로 멈췄습니다 ({})", korean(said)),
            format!("recording it broke off: {said}"),
        ),
        NoReaderAnswered(said) => both(
            format!("읽는 프로그램이 답하지 않았습니다 ({})", korean(said)),
            format!("no reader answered: {said}"),
        ),
        NotKept(said) => both(
            format!("읽은 것을 남길 수 없습니다 ({})", korean(said)),
            format!("what was read cannot be kept: {said}"),
        ),
        Refused(said) => both(
            format!("장부가 읽은 것을 받지 않습니다 ({})", korean(said)),
            format!("the ledger refuses what was read: {said}"),
        ),
        DescribedUntold(said) => both(
            format!("이것이 설명하는 파일들에 알리지 못했습니다 ({})", korean(said)),
            format!("the files that it describes could not be told: {said}"),
        ),
        BesideBroke(outcome) => both(
            format!(
                "곁에 있는 설명 파일은 읽는 프로그램을 멈추게 해서({outcome}) 뺐습니다. 그 파일을 새로 써 주세요"
            ),
            format!(
                "what describes it beside it was left out, because the reader ended with it ({outcome}); write that anew"
            ),
        ),
        BesideFault { file, line, what } => {
            let (korean, english) = match line {
                None => both("", ""),
                Some(n) => both(format!(", {n}번째 줄"), format!(", line {n}")),
            };
            let (what_korean, what_english) = what.sentence();
            // Of an earlier Madang only the English is known, so that nothing in Korean says what is to be done.
            let mend = if what.is_said() { "을 고쳐 주세요" } else { "" };
            both(
                format!("곁에 있는 설명 파일({file}{korean}){mend}: {what_korean}"),
                format!("{file}{english}: {what_english}"),
            )
        }
        LeaseEnded => both(
            "이 파일을 맡은 작업자가 돌아오지 않았습니다",
            "the worker that held it did not come back",
        ),
        RowUnreadable(said) => {
            both(format!("장부의 기록을 읽을 수 없습니다 ({})", korean(said)), said)
        }
        NoReason => both("알려진 까닭이 없습니다", "no reason was given"),

        Hidden => both(format!("{}숨겨져 있습니다", it.subject()), format!("{} hidden", it.is())),
        SomeHidden => both("글의 일부가 숨겨져 있습니다", "some of the text is hidden"),
        NotRecognised { more } => {
            let (korean, english) = match more {
                0 => both("", ""),
                n => both(format!("과 그 밖의 {n}쪽"), format!(" and {n} more")),
            };
            let (place, english_place) = it.place();
            both(
                format!("문자 인식이 설치되어 있지 않아 {place}{korean}에는 글자가 없습니다"),
                format!("text recognition is not installed: no text in {english_place}{english}"),
            )
        }
        RecognitionWaits => both(
            "그림과 소리에 담긴 글은 다른 파일을 먼저 읽은 뒤에 알아냅니다",
            "what is written in pictures and spoken is recognised later, after other files are read",
        ),
        LeftAlone if it.korean.is_some() => both(
            format!("{}읽던 프로그램이 거기서 멈춘 적이 있어 그대로 두었습니다", it.topic()),
            format!("{} left alone, because a reader ended over it before", it.was()),
        ),
        LeftAlone => both(
            "읽던 프로그램이 이 파일에서 멈춘 적이 있어, 그림과 소리와 영상은 빼고 읽었습니다",
            "pictures, sound and film in it were left alone, because a reader ended over this file before",
        ),
        NotTranscribed => both(
            "음성: 받아쓰지 않았습니다 (음성 인식 모델이 설치되어 있지 않습니다)",
            "speech: not transcribed, no model is installed",
        ),
        HeardAsEnglish => both(
            "음성: 설치된 모델이 영어만 알아, 다른 말도 영어 낱말로 받아쓰였습니다",
            "speech: written down as English, the only language of the installed model, whatever was spoken",
        ),
        HeardUnsurely { stretches, is_english } => {
            let (korean, english) = match is_english {
                true => ("설치된 모델이 영어만 알아, ", "; the installed model knows English only"),
                false => ("", ""),
            };
            both(
                format!("음성: {korean}알아듣지 못한 {stretches}군데는 받아쓰지 않았습니다"),
                format!(
                    "speech: {stretches} stretches were not understood and are left out{english}"
                ),
            )
        }
        SaidInSubtitles { seconds } => both(
            format!("음성: 자막이 있는 {seconds}초는 받아쓰지 않았습니다"),
            format!("speech: {seconds} seconds that subtitles cover were not transcribed"),
        ),
        NotUnderstood => both("음성을 받아쓰지 못했습니다", "the speech could not be transcribed"),
        NoCue => both(
            "자막이 하나도 없어 그냥 글로 읽었습니다",
            "there is no cue in it; read as plain text",
        ),
        NoTimeSpan(line) => {
            both(format!("시간 구간이 아닙니다: {line}"), format!("not a time span: {line}"))
        }
        Meaningless(encoding) => both(
            format!("{encoding}에서 뜻이 없는 바이트가 있습니다"),
            format!("some bytes have no meaning in {encoding}"),
        ),
        OtherEncoding { says, read } => both(
            format!("{says} 인코딩이라고 적혀 있지만 {} 읽었습니다", toward(read)),
            format!("it says it is in {says}, but was read as {read}"),
        ),
        MayBeEncoding { read, other } => both(
            format!("{} 읽었지만 {}일 수도 있습니다", toward(read), other),
            format!("it was read as {read}, but may be in {other} as well"),
        ),
        LinesIn { lines, encoding, others } => both(
            format!("{lines}줄은 {encoding}, 나머지는 {others} 인코딩입니다"),
            format!(
                "{} in {encoding}, the others in {others}",
                counted(*lines, "line is", "lines are")
            ),
        ),
        SomeLinesIn(encoding) => both(
            format!("일부 줄은 {encoding} 인코딩입니다"),
            format!("some lines are in {encoding}"),
        ),
        Nuls(count) => both(
            format!("NUL 바이트 {count}개를 뺐습니다"),
            format!("{} left out", counted(*count, "NUL byte was", "NUL bytes were")),
        ),
        LostStrings(count) => both(
            format!("셀 {count}개가 가리키는 글이 없습니다"),
            format!(
                "{} not there",
                counted(*count, "cell refers to a text that is", "cells refer to texts that are")
            ),
        ),
        Symbols(count) => both(
            format!("기호 {count}개는 해당하는 글자가 없습니다"),
            counted(
                *count,
                "symbol has no character of its own",
                "symbols have no character of their own",
            ),
        ),
        OwnSigns(count) => both(
            format!("워드프로세서 고유의 기호 {count}개를 U+FFFD로 적었습니다"),
            format!(
                "{} as U+FFFD",
                counted(
                    *count,
                    "sign of the word processor's own stands",
                    "signs of the word processor's own stand"
                )
            ),
        ),
        Link(None) => both("링크라서 따라가지 않습니다", "a link, which is not followed"),
        Link(Some(to)) => both(
            format!("{} 가리키는 링크라서 따라가지 않습니다", Particle::Object.after(to.as_str())),
            format!("a link to {to}, which is not followed"),
        ),
        Device => both("장치라서 읽을 것이 없습니다", "a device, which holds nothing to read"),
        Pipe => both("파이프라서 읽을 것이 없습니다", "a pipe, which holds nothing to read"),
        MemberKind(kind) => both(
            format!("읽지 않는 종류({kind})입니다"),
            format!("a member of the kind {kind}, which is not read"),
        ),
        NoContent => both(
            format!("{}내용이 없습니다", it.dative()),
            format!("{} {} no content", it.english, it.verb("has", "have")),
        ),
        Tracked => both(
            "변경 내용이 추적되고 있어, 지운 글이 본문에 남아 있을 수 있습니다",
            "changes are tracked: passages that are deleted may still stand in the text",
        ),
        Deletions(count) => both(
            format!("변경 추적에서 지운 글 {count}곳을 뺐습니다"),
            format!(
                "{} left out",
                counted(
                    *count,
                    "passage that a tracked change deleted was",
                    "passages that a tracked change deleted were"
                )
            ),
        ),
        NoPreview => match part {
            None => both("미리보기가 없습니다", "no preview"),
            Some(_) => both(
                format!("{}미리보기가 없습니다", it.possessive()),
                format!("no preview of {}", it.english),
            ),
        },
        Repeated(bytes) => both(
            format!("되풀이되는 셀은 {bytes}바이트 다음부터 한 번만 적었습니다"),
            format!("repeated cells were written once after {}", bytes_of(*bytes)),
        ),
        NoTextTrack { track, codec } => both(
            format!("{track}번 자막 트랙은 {codec} 형식이라 글이 아닙니다"),
            format!("subtitle track {track} is {codec}, not text"),
        ),
        PropertyCut(name) => both(
            format!("속성 {name}의 값이 너무 길어 잘랐습니다"),
            format!("the property {name} was cut, it is too long"),
        ),
        Listed { listed, of } => both(
            format!("안의 파일 {of}개 가운데 {listed}개만 목록에 있습니다"),
            format!(
                "only {listed} of {} {} listed",
                counted(*of, "member", "members"),
                if *listed == 1 { "is" } else { "are" }
            ),
        ),
        PreviewTooLarge => {
            both("미리보기 하나가 너무 커서 뺐습니다", "a preview was left out, it is too large")
        }
        MoreWarnings(count) => both(
            format!("알릴 것이 {count}건 더 있습니다"),
            counted(*count, "further warning", "further warnings"),
        ),
        LieTogether => both(
            format!("{}스트림들이 서로 겹치고, 합치면 파일보다 큽니다", it.possessive()),
            format!(
                "{}its streams lie in one another, and together are larger than the file",
                it.if_named_colon()
            ),
        ),
    }
}

fn both(korean: impl ToString, english: impl ToString) -> (String, String) {
    (korean.to_string(), english.to_string())
}

fn bytes_of(count: u64) -> String {
    counted(count, "byte", "bytes")
}

fn packed(it: &Subject, korean: &str, english: &str) -> (String, String) {
    let member = Subject::of(Some(&Part::The(Noun::Member)));
    let it = if it.korean.is_none() { &member } else { it };
    both(
        format!("{}읽지 못하는 방식({korean})으로 압축되어 있습니다", it.subject()),
        format!("{} packed by {english}, which is not read", it.is()),
    )
}

fn bracketed(words: Option<&Quote>) -> String {
    words.map(|words| format!(" ({words})")).unwrap_or_default()
}

/// What others said, as it stands in a sentence in Korean.
fn korean(said: &Quote) -> String {
    foreign_words::in_korean(said.as_str())
}

fn korean_bracketed(words: Option<&Quote>) -> String {
    words.map(|words| format!(" ({})", korean(words))).unwrap_or_default()
}

fn after_colon(words: Option<&Quote>) -> String {
    words.map(|words| format!(": {words}")).unwrap_or_default()
}

fn toward(name: &Quote) -> String {
    Particle::Toward.after(name.as_str())
}

/// Milliseconds as seconds, with a tenth if it is not a whole number.
fn seconds(ms: u64) -> String {
    let text = format!("{}.{}", ms / 1000, ms % 1000 / 100);
    text.trim_end_matches(".0").to_owned()
}

/// What a sentence is about.
struct Subject {
    english: String,
    plural: bool,
    /// None where the file itself is meant, which Korean does not name.
    korean: Option<String>,
}

impl Subject {
    fn of(part: Option<&Part>) -> Subject {
        match part.map(Part::name) {
            None => Subject { english: "it".to_owned(), plural: false, korean: None },
            Some(PartName { english, plural, korean }) => {
                Subject { english, plural, korean: Some(korean) }
            }
        }
    }

    fn with(&self, particle: Particle) -> String {
        self.korean.as_ref().map(|noun| particle.after(noun) + " ").unwrap_or_default()
    }

    fn topic(&self) -> String {
        self.with(Particle::Topic)
    }

    fn subject(&self) -> String {
        self.with(Particle::Subject)
    }

    fn object(&self) -> String {
        self.with(Particle::Object)
    }

    fn possessive(&self) -> String {
        self.korean.as_ref().map(|noun| format!("{noun}의 ")).unwrap_or_default()
    }

    fn dative(&self) -> String {
        self.korean.as_ref().map(|noun| format!("{noun}에 ")).unwrap_or_default()
    }

    /// As in `시트에서`.
    fn dative_from(&self) -> String {
        self.korean.as_ref().map(|noun| format!("{noun}에서 ")).unwrap_or_default()
    }

    fn verb(&self, one: &'static str, many: &'static str) -> &'static str {
        if self.plural { many } else { one }
    }

    fn is(&self) -> String {
        format!("{} {}", self.english, self.verb("is", "are"))
    }

    fn was(&self) -> String {
        format!("{} {}", self.english, self.verb("was", "were"))
    }

    /// `the text is `, or nothing where the file itself is meant.
    fn if_named(&self) -> String {
        self.korean.as_ref().map(|_| self.is() + " ").unwrap_or_default()
    }

    /// `the text: `, or nothing where the file itself is meant.
    fn if_named_colon(&self) -> String {
        self.korean.as_ref().map(|_| format!("{}: ", self.english)).unwrap_or_default()
    }

    /// Where something is missing, Korean first: the file, if nothing else is named.
    fn place(&self) -> (String, String) {
        (self.korean.clone().unwrap_or_else(|| "파일".to_owned()), self.english.clone())
    }
}
