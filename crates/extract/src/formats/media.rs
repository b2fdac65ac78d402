//! Audio and video, by FFmpeg: properties from the headers, text from embedded subtitle tracks, lyrics, titles of
//! chapters and what is written in key frames, attached files as members, key frames or the cover as previews. Only
//! ranges of the file are read, so that a video of many gigabytes costs no more than its headers.

use std::collections::HashSet;

use madang_document::clock_time::ClockTime;
use madang_document::content::{Content, Origin, Segment};
use madang_document::instead::Instead;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::cut_short;
use super::media_io::MediaFile;
use super::media_io::stream::{MediaStream, StreamKind};
use super::media_io::tags::{self, Tags};
use super::media_io::value::milliseconds;
use super::mp4_boxes::{self, Mp4Boxes};
use super::mp4_samples::{self, Claim};
use super::{
    asf_header, broadcast_wave, dav, film_frames, id3, iso_boxes, media_sniff, media_tags, preview,
    sound, subtitle_packet,
};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::Format;
use crate::member_path::MemberPaths;
use crate::options::Ocr;
use crate::unpack::take_member;

/// Bytes read for the sake of subtitles, which in most containers lie between the pictures.
const SUBTITLE_BYTES_MOST: u64 = 512 << 20;

/// Chapters that are listed.
const CHAPTERS_MOST: usize = 1_000;

/// Streams that are listed; there are files that claim thousands.
const STREAMS_MOST: usize = 100;

macro_rules! formats {
    ($($constant:ident $name:literal $demuxer:literal $media_types:expr, $sniff:expr, $media_type:expr;)*) => {
        $(pub(super) const $constant: Format = Format {
            name: $name,
            version: 13,
            media_types: $media_types,
            sniff: $sniff,
            media_type: $media_type,
            extract: |blob, context| extract(blob, context, $demuxer),
        };)*
    };
}

// The demuxer is chosen here, by our own look at the bytes: FFmpeg never probes, so no other demuxer of its
// hundreds is ever reached.
formats! {
    MP4 "mp4" "mov" media_sniff::MP4_TYPES, media_sniff::mp4, media_sniff::mp4_type;
    MATROSKA "matroska" "matroska" media_sniff::MATROSKA_TYPES, media_sniff::matroska, media_sniff::matroska_type;
    AVI "avi" "avi" &["video/x-msvideo"], media_sniff::avi, |_| "video/x-msvideo";
    MP3 "mp3" "mp3" &["audio/mpeg"], media_sniff::mp3, |_| "audio/mpeg";
    WAV "wav" "wav" &["audio/wav"], media_sniff::wav, |_| "audio/wav";
    FLAC "flac" "flac" &["audio/flac"], media_sniff::flac, |_| "audio/flac";
    OGG "ogg" "ogg" &["audio/ogg", "video/ogg"], media_sniff::ogg, media_sniff::ogg_type;
    ASF "asf" "asf" &["video/x-ms-wmv", "audio/x-ms-wma"], media_sniff::asf, media_sniff::asf_type;
    FLV "flv" "flv" &["video/x-flv"], media_sniff::flv, |_| "video/x-flv";
    MPEG_TS "mpegts" "mpegts" &["video/mp2t"], media_sniff::mpeg_ts, |_| "video/mp2t";
    DAV "dav" "dhav" &["video/x-dav"], media_sniff::dav, |_| "video/x-dav";
    MXF "mxf" "mxf" &["video/mxf"], media_sniff::mxf, |_| "video/mxf";
    REAL "real" "rm" &["video/vnd.rn-realvideo"], media_sniff::real, |_| "video/vnd.rn-realvideo";
    IVF "ivf" "ivf" &["video/x-ivf"], media_sniff::ivf, |_| "video/x-ivf";
    H264 "h264" "h264" &["video/h264"], media_sniff::h264, |_| "video/h264";
    HEVC "hevc" "hevc" &["video/h265"], media_sniff::hevc, |_| "video/h265";
    MPEG_VIDEO "mpeg_video" "mpegvideo" &["video/mpeg"], media_sniff::mpeg_video, |_| "video/mpeg";
    MPEG_PS "mpeg" "mpeg" &["video/mpeg"], media_sniff::mpeg_ps, |_| "video/mpeg";
    AAC "aac" "aac" &["audio/aac"], media_sniff::aac, |_| "audio/aac";
    AMR "amr" "amr" &["audio/amr"], media_sniff::amr, |_| "audio/amr";
    AIFF "aiff" "aiff" &["audio/aiff"], media_sniff::aiff, |_| "audio/aiff";
    CAF "caf" "caf" &["audio/x-caf"], media_sniff::caf, |_| "audio/x-caf";
    AU "au" "au" &["audio/basic"], media_sniff::au, |_| "audio/basic";
    W64 "w64" "w64" &["audio/x-w64"], media_sniff::w64, |_| "audio/x-w64";
    AC3 "ac3" "ac3" &["audio/ac3"], media_sniff::ac3, |_| "audio/ac3";
    EAC3 "eac3" "eac3" &["audio/eac3"], media_sniff::eac3, |_| "audio/eac3";
    DTS "dts" "dts" &["audio/vnd.dts"], media_sniff::dts, |_| "audio/vnd.dts";
    WAVPACK "wavpack" "wv" &["audio/x-wavpack"], media_sniff::wavpack, |_| "audio/x-wavpack";
    TTA "tta" "tta" &["audio/x-tta"], media_sniff::tta, |_| "audio/x-tta";
    MUSEPACK "musepack" "mpc8" &["audio/x-musepack"], media_sniff::musepack, |_| "audio/x-musepack";
}

fn extract(blob: &dyn Blob, context: &Context<'_>, demuxer: &str) -> Result<Content, ExtractError> {
    let progress = || context.progress();
    let mut file = match MediaFile::open(context.libav()?, blob, demuxer, &progress) {
        Ok(file) => file,
        Err(error) => {
            let reason = match demuxer == "mov" && !mp4_boxes::has_index(blob) {
                true => ReasonKind::EndsBefore(Noun::MovieIndex.into()).of(Noun::File),
                false => ReasonKind::Unreadable.of(Noun::Header).because(error),
            };
            let tags = if demuxer == "mp3" { id3::tags(blob) } else { Vec::new() };
            return match tags.is_empty() {
                true => Err(ExtractError::corrupt(reason)),
                false => Ok(tags_alone(blob, &tags)),
            };
        }
    };
    let claim = if demuxer == "mov" { mp4_samples::claim(blob) } else { Claim::Held };
    if claim == Claim::Absurd {
        let reason = ReasonKind::Beyond(Noun::File.into());
        return Err(ExtractError::corrupt(reason.of(Noun::Samples)));
    }
    let mut streams = file.streams();
    let mut content = Content::default();
    if streams.is_empty() {
        if file.tags().is_empty() {
            return Err(ExtractError::corrupt(ReasonKind::Missing.of(Noun::Streams)));
        }
        content.lost(ReasonKind::Missing.of(Noun::Streams).instead(Instead::Tags));
    }
    let is_cut = match demuxer {
        "mov" => claim == Claim::Beyond || iso_boxes::reach_beyond(blob),
        "avi" | "wav" | "aiff" => cut_short::riff(blob),
        "mp3" => cut_short::mp3(blob),
        "ogg" => cut_short::ogg(blob),
        "matroska" => cut_short::matroska(blob),
        _ => false,
    };
    if is_cut {
        content.lost(ReasonKind::EndsEarly.of(Noun::File));
    }
    describe_file(&mut content, &file);
    describe_streams(&mut content, &streams);
    let boxes = (demuxer == "mov").then(|| Mp4Boxes::read(blob));
    if let Some(boxes) = &boxes {
        boxes.add_keywords(&mut content.metadata);
    }
    match demuxer {
        "dhav" => dav::describe(blob, &mut content.metadata),
        "asf" => asf_header::describe(blob, &mut content.metadata),
        "wav" => broadcast_wave::describe(blob, &mut content.metadata),
        _ => {}
    }
    media_tags::read(&file.tags(), &mut content.metadata);
    if demuxer == "mp3" && content.metadata.text("tag.comment").is_none() {
        media_tags::read(&id3::described_comments(blob), &mut content.metadata);
    }
    if matches!(demuxer, "wav" | "avi") {
        media_tags::read_riff(&file.tags(), &mut content.metadata);
    }
    for stream in &streams {
        media_tags::read_stream(&stream.tags, &mut content.metadata);
    }
    if let Some(boxes) = &boxes {
        boxes.add_rest(&mut content.metadata);
    }
    read_lyrics(&mut content, &file, &streams, blob);
    read_chapters(&mut content, &file);
    if demuxer == "mov" {
        pass_over_scrambled(&mut content, &mut streams, blob);
    }
    read_subtitles(&mut content, &mut file, &streams, context);
    take_previews(&mut content, &mut file, &streams, context);
    listen(&mut content, &mut file, &streams, context);
    take_attachments(&mut content, &file, &streams, context);
    Ok(content)
}

/// Takes tracks that are scrambled for none of pictures, sound or text: nothing of them is decoded. Tags, chapters and the cover lie open,
/// and what is not scrambled does.
fn pass_over_scrambled(content: &mut Content, streams: &mut [MediaStream], blob: &dyn Blob) {
    let scrambled = mp4_boxes::scrambled(blob);
    let mut passed = Vec::new();
    for (stream, is_scrambled) in streams.iter_mut().zip(scrambled) {
        if is_scrambled && stream.cover.is_none() {
            passed.push(std::mem::replace(&mut stream.kind, StreamKind::Other));
        }
    }
    let is_clear = |it: &MediaStream| matches!(it.kind, StreamKind::Video | StreamKind::Audio);
    let is_any_clear = streams.iter().any(|it| is_clear(it) && it.cover.is_none());
    let noun = match () {
        () if passed.is_empty() => return,
        () if !is_any_clear => Noun::File,
        () if passed.contains(&StreamKind::Video) => Noun::Film,
        () => Noun::Sound,
    };
    content.lost(ReasonKind::Drm.of(noun));
}

/// What the tags say of an MP3 in which no sound is found: it broke off behind them, or what follows is none.
fn tags_alone(blob: &dyn Blob, tags: &Tags) -> Content {
    let mut content = Content::default();
    content.lost(ReasonKind::Missing.of(Noun::Sound).instead(Instead::Tags));
    media_tags::read(tags, &mut content.metadata);
    id3::read(blob, &mut content);
    content
}

fn describe_file(content: &mut Content, file: &MediaFile<'_>) {
    let mut properties = content.metadata.at("container");
    properties.set(metadata::CONTAINER, file.container());
    properties.set_some(metadata::DURATION, file.duration().map(round));
    properties.set_some(metadata::BIT_RATE, file.bit_rate());
    let chapters = file.chapters(CHAPTERS_MOST);
    let chapters = chapters.iter().map(|chapter| {
        let title = media_tags::title(&chapter.tags).unwrap_or_default();
        let start = ClockTime::of_ms(milliseconds(chapter.start)).with_hours();
        format!("{start} {title}").trim_end().to_owned()
    });
    content.metadata.at("chapters").set("chapters", chapters.collect::<Vec<_>>());
}

fn describe_streams(content: &mut Content, streams: &[MediaStream]) {
    let list = streams.iter().take(STREAMS_MOST).map(|stream| {
        let kind = match stream.kind {
            _ if stream.cover.is_some() => "cover",
            StreamKind::Video => "video",
            StreamKind::Audio => "audio",
            StreamKind::Subtitle => "subtitle",
            StreamKind::Attachment => "attachment",
            StreamKind::Other => "other",
        };
        format!("{kind}:{}", stream.codec)
    });
    let mut properties = content.metadata.at("streams");
    properties.set(metadata::STREAMS, list.collect::<Vec<_>>());
    if let Some((_, video)) = first_video(streams) {
        let mut properties = content.metadata.at("video stream");
        properties.set(metadata::VIDEO_CODEC, video.codec.as_str());
        properties.set_some("video_profile", video.profile.as_deref());
        if video.width > 0 && video.height > 0 {
            properties.set(metadata::WIDTH, video.width);
            properties.set(metadata::HEIGHT, video.height);
        }
        properties.set_some("pixel_aspect", video.pixel_aspect.map(round));
        properties.set_some(metadata::FPS, video.fps.map(round));
        properties.set_some("fps_variable", video.is_variable);
        properties.set_some("color_transfer", video.transfer.as_deref());
        properties.set_some("hdr", high_range(video));
        properties.set(metadata::ROTATION, i64::from(video.rotation.unwrap_or(0)));
    }
    let audio = streams.iter().find(|stream| stream.kind == StreamKind::Audio);
    content.metadata.at("streams").set(metadata::AUDIO_PRESENT, audio.is_some());
    if let Some(audio) = audio {
        let mut properties = content.metadata.at("audio stream");
        properties.set(metadata::AUDIO_CODEC, audio.codec.as_str());
        properties.set_some("audio_profile", audio.profile.as_deref());
        if audio.sample_rate > 0 {
            properties.set(metadata::SAMPLE_RATE, audio.sample_rate);
        }
        if audio.channels > 0 {
            properties.set(metadata::AUDIO_CHANNELS, audio.channels);
        }
    }
    let mut known = HashSet::new();
    let languages = streams.iter().filter_map(|stream| media_tags::language(&stream.tags));
    let languages: Vec<String> = languages.filter(|it| known.insert(it.clone())).collect();
    if !languages.is_empty() {
        content.metadata.at("streams").set("stream_languages", languages);
    }
    let titles = streams.iter().filter_map(|stream| media_tags::title(&stream.tags));
    let titles: Vec<String> = titles.filter(|title| !title.is_empty()).take(STREAMS_MOST).collect();
    if !titles.is_empty() {
        content.metadata.at("streams").set(metadata::STREAM_TITLES, titles);
    }
    let subtitles = streams.iter().filter(|stream| stream.kind == StreamKind::Subtitle).count();
    if subtitles > 0 {
        content.metadata.at("streams").set(metadata::SUBTITLE_TRACKS, subtitles);
    }
    if streams.len() > STREAMS_MOST {
        let (first, of) = (STREAMS_MOST as u64, Some(streams.len() as u64));
        content.note(ReasonKind::OnlyFirst { first, of, unit: Unit::Streams });
    }
}

/// By what a film shows more of light than a screen of old can: BT.2100's two ways, and Dolby's on top of one.
fn high_range(video: &MediaStream) -> Option<&'static str> {
    match video.transfer.as_deref() {
        _ if video.has_dolby_vision => Some("Dolby Vision"),
        Some("smpte2084") => Some("PQ"),
        Some("arib-std-b67") => Some("HLG"),
        _ => None,
    }
}

fn first_video(streams: &[MediaStream]) -> Option<(usize, &MediaStream)> {
    streams
        .iter()
        .enumerate()
        .find(|(_, stream)| stream.kind == StreamKind::Video && stream.cover.is_none())
}

/// The words that are sung or said, which tags carry as one text. What stands in a tag of ID3 at the start is read from
/// the bytes, whatever FFmpeg made of it.
fn read_lyrics(
    content: &mut Content,
    file: &MediaFile<'_>,
    streams: &[MediaStream],
    blob: &dyn Blob,
) {
    if id3::read(blob, content) {
        return;
    }
    let of_streams = streams.iter().flat_map(|stream| media_tags::lyrics(&stream.tags));
    let mut all: Vec<String> = media_tags::lyrics(&file.tags()).chain(of_streams).collect();
    let mut known = HashSet::new();
    all.retain(|text| known.insert(text.clone()));
    for text in all {
        if tags::may_be_cut(&text) {
            content.cut(ReasonKind::LimitReached.of(Noun::Text));
        }
        content.push_text(text, Locator::Whole {});
    }
}

/// The titles of the chapters, each at its time.
fn read_chapters(content: &mut Content, file: &MediaFile<'_>) {
    for chapter in file.chapters(CHAPTERS_MOST) {
        let start_ms = milliseconds(chapter.start);
        let end_ms = milliseconds(chapter.end).max(start_ms);
        let title = media_tags::title(&chapter.tags).unwrap_or_default();
        content.push_text(title, Locator::Time { start_ms, end_ms });
    }
}

/// Reads the tracks of subtitles that are text; others are pictures, and need recognition.
fn read_subtitles(
    content: &mut Content,
    file: &mut MediaFile<'_>,
    streams: &[MediaStream],
    context: &Context<'_>,
) {
    let mut tracks = Vec::new();
    for (index, stream) in streams.iter().enumerate() {
        if stream.kind == StreamKind::Subtitle {
            if subtitle_packet::is_text(&stream.codec) {
                tracks.push(index);
            } else {
                let (track, codec) = (index as u64, stream.codec.as_str().into());
                content.note(ReasonKind::NoTextTrack { track, codec });
            }
        }
    }
    if tracks.is_empty() {
        return;
    }
    let (mut bytes, mut count) = (0u64, 0u64);
    let all = file.packets(&tracks, SUBTITLE_BYTES_MOST, |packet| {
        context.progress();
        let codec = streams.get(packet.stream).map_or("", |stream| stream.codec.as_str());
        let text = subtitle_packet::text(codec, packet.data);
        if !text.is_empty() {
            bytes = bytes.saturating_add(text.len() as u64);
            count += 1;
            let (start_ms, length) = (milliseconds(packet.start), milliseconds(packet.duration));
            let end_ms = start_ms.saturating_add(length);
            content.segments.push(Segment {
                text,
                locator: Locator::Time { start_ms, end_ms },
                origin: Origin::Subtitle,
                confidence: None,
                words: Vec::new(),
            });
        }
        bytes <= context.limits.text && count <= context.limits.segments
    });
    if !all {
        content.cut(ReasonKind::LimitOrDamage.of(Noun::Subtitles));
    }
    // Tracks come interleaved; a reader wants one after the other only within a moment.
    content.segments.sort_by_key(|segment| match segment.locator {
        Locator::Time { start_ms, .. } => start_ms,
        _ => 0,
    });
}

/// Writes down what is said in the first stream of sound, and what is heard in a recording.
fn listen(
    content: &mut Content,
    file: &mut MediaFile<'_>,
    streams: &[MediaStream],
    context: &Context<'_>,
) {
    let audio = streams.iter().position(|stream| stream.kind == StreamKind::Audio);
    let Some(index) = audio else { return };
    if context.likeness || !context.may_look(Noun::Sound, content) {
        return;
    }
    let subtitles = sound::Subtitles::of(&content.segments);
    let is_heard = sound::transcribe(file, index, subtitles, context, content);
    if !is_heard && first_video(streams).is_none() {
        sound::glance(file, index, content);
    }
}

/// The cover, or what is seen in key frames of the video.
fn take_previews(
    content: &mut Content,
    file: &mut MediaFile<'_>,
    streams: &[MediaStream],
    context: &Context<'_>,
) {
    if let Some((index, video)) = first_video(streams) {
        let is_wanted = context.previews_wanted() || context.seen_text_wanted() != Ocr::Never;
        if !is_wanted || !context.may_look(Noun::Film, content) {
            return;
        }
        match film_frames::take(content, file, (index, video), context) {
            Ok(()) => {}
            Err(reason) => content.note(ReasonKind::NoPreview.because(reason)),
        }
        return;
    }
    if !take_cover(content, streams, context) {
        draw_sound(content, file, streams, context);
    }
}

/// The picture that a recording comes in, if it has one.
fn take_cover(content: &mut Content, streams: &[MediaStream], context: &Context<'_>) -> bool {
    let Some(cover) = streams.iter().find_map(|stream| stream.cover.as_deref()) else {
        return false;
    };
    preview::likeness(content, context, |most| {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(cover.len());
        cover.get(..most).map(<[u8]>::to_vec)
    });
    true
}

/// The course of a recording without a cover, drawn when somebody looks at it.
fn draw_sound(
    content: &mut Content,
    file: &mut MediaFile<'_>,
    streams: &[MediaStream],
    context: &Context<'_>,
) {
    let audio = streams.iter().position(|stream| stream.kind == StreamKind::Audio);
    let Some(index) = audio else { return };
    match context.likeness {
        false => content.likeness = file.duration().is_some(),
        true => content.previews.extend(sound::draw(file, index, context).ok().flatten()),
    }
}

/// Delivers the files that are attached (Matroska: minutes, fonts, a picture for the cover) as members.
fn take_attachments(
    content: &mut Content,
    file: &MediaFile<'_>,
    streams: &[MediaStream],
    context: &Context<'_>,
) {
    let mut paths = MemberPaths::default();
    for (index, stream) in streams.iter().enumerate() {
        let Some(name) = media_tags::file_name(&stream.tags) else { continue };
        let Some(bytes) = file.attachment(index).or(stream.cover.as_deref()) else { continue };
        let path = paths.take(name.rsplit(['/', '\\']).next().unwrap_or(&name));
        if !take_member(bytes, &path, Some(bytes.len() as u64), context, content) {
            return;
        }
    }
}

/// To milliseconds: what lies below is noise of the container's time base.
fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
