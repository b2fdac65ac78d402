//! The frames of a film that are looked at. What is written on them is read, and those that differ from the one before stand
//! for the film.

use std::collections::HashSet;

use image::{DynamicImage, RgbImage};
use madang_document::content::{Content, Preview};
use madang_document::fault::Fault;
use madang_document::locator::Locator;
use madang_document::raster::Raster;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::media_io::MediaFile;
use super::media_io::stream::MediaStream;
use super::media_io::value::milliseconds;
use super::media_io::video_frames::{Allowance, VideoFrames};
use super::preview;
use crate::contact_sheet;
use crate::context::Context;
use crate::frame_choice;
use crate::frame_text::FrameText;
use crate::glimpse::Glimpse;
use crate::thinned::Thinned;

/// Frames of a film as they are looked at, one after the other.
struct FilmFrames<'a, 'c> {
    context: &'c Context<'a>,
    /// Of one of its frames.
    pixels: u64,
    /// Frames a second.
    rate: f64,
    text: FrameText<'a, 'c>,
    /// Those that stand for the film: of those that differ from the one before.
    frames: Thinned<Frame>,
    /// The last that differed from the one before.
    last: Option<Glimpse>,
    /// When those are seen that were decoded, milliseconds.
    decoded: HashSet<u64>,
    /// The one that was read last.
    read: Option<Glimpse>,
    /// Why the last one was not had that was not.
    failed: Option<ReasonKind>,
}

/// A frame that stands for a film.
struct Frame {
    locator: Locator,
    glimpse: Glimpse,
    picture: RgbImage,
}

/// Frames a second of a film that does not say how many there are.
const USUAL_RATE: f64 = 30.0;

/// Frames that are held until all were looked at.
const HELD_MOST: usize = 64;

/// Longer side, pixels, at which frames are compared at least.
const GLIMPSE: u32 = 160;

/// Bytes read in search of a key frame, and of all of a film.
const SOUGHT_BYTES_MOST: u64 = 64 << 20;
const SOUGHT_BYTES_ALL: u64 = 4 << 30;

/// Pixels that are decoded where a film has no key frames for long: half a minute of the processor, at the most.
const FOLLOWED_PIXELS_MOST: u64 = 8_000_000_000;

/// Bytes read for that.
const FOLLOWED_BYTES_MOST: u64 = 32 << 20;

/// The frame that stands for the video; and of a longer one the sheet of all frames that were taken, and these.
///
/// # Errors
/// Why there is none.
pub(super) fn take(
    content: &mut Content,
    file: &mut MediaFile<'_>,
    (index, video): (usize, &MediaStream),
    context: &Context<'_>,
) -> Result<(), Reason> {
    let told = file.duration();
    let mut decoder = file.video_frames(index, context.limits.pixels)?;
    let keys = decoder.times();
    let duration = frame_choice::length(told, &keys);
    let orientation = Some(match video.rotation {
        Some(90) => 6,
        Some(180) => 3,
        Some(270) => 8,
        _ => 1,
    });
    let mut film = FilmFrames {
        context,
        pixels: u64::from(video.width) * u64::from(video.height),
        rate: video.fps.filter(|fps| *fps >= 1.0).unwrap_or(USUAL_RATE),
        text: FrameText::new(context, orientation),
        frames: Thinned::new(HELD_MOST),
        last: None,
        decoded: HashSet::new(),
        read: None,
        failed: None,
    };
    film.look(&mut decoder, &keys, duration, content);
    let FilmFrames { text, frames, failed, .. } = film;
    text.finish(milliseconds(duration), content);
    if !context.previews_wanted() {
        return Ok(());
    }
    if frames.is_empty() {
        return Err(failed.unwrap_or(ReasonKind::Faulty(Fault::NoKeyFrame)).into());
    }
    show(frames.into_held(), duration, orientation, context, content)
}

impl FilmFrames<'_, '_> {
    /// Looks at a film of so many seconds that has its key frames there.
    fn look(
        &mut self,
        decoder: &mut VideoFrames<'_, '_>,
        keys: &[f64],
        duration: f64,
        content: &mut Content,
    ) {
        let places = frame_choice::plan(duration, keys);
        let frames = FOLLOWED_PIXELS_MOST / self.pixels.max(1);
        let mut left = Allowance { frames, bytes: FOLLOWED_BYTES_MOST };
        let sought = SOUGHT_BYTES_MOST.min(SOUGHT_BYTES_ALL / places.len().max(1) as u64);
        for place in places {
            // What was read by then is worth more than the rest.
            if !self.frames.is_empty() && !self.context.has_time() {
                break;
            }
            self.context.unit();
            let found = decoder.decode(place, sought);
            self.take(found, decoder, content);
            // As far as what is left reaches: a long film in fragments tells its first key frames alone.
            let reached = place + left.frames as f64 / self.rate;
            let between = frame_choice::between(place, keys, duration.min(reached));
            if !between.is_empty() {
                self.follow(place, &between, decoder, &mut left, content);
            }
        }
        // The index may be damaged where the start is not.
        if self.frames.is_empty() {
            let found = decoder.decode(0.0, SOUGHT_BYTES_MOST);
            self.take(found, decoder, content);
        }
    }

    /// Decodes on from a key frame and takes what is seen then.
    fn follow(
        &mut self,
        key: f64,
        between: &[f64],
        decoder: &mut VideoFrames<'_, '_>,
        left: &mut Allowance,
        content: &mut Content,
    ) {
        decoder.follow(key);
        for seconds in between {
            if !self.context.has_time() {
                break;
            }
            self.context.unit();
            let Some(found) = decoder.decode_on(*seconds, left) else { break };
            self.take(Ok(found), decoder, content);
        }
    }

    /// Takes the frame that was decoded, if one was, and that is seen so many seconds from the start.
    fn take(
        &mut self,
        found: Result<f64, ReasonKind>,
        decoder: &VideoFrames<'_, '_>,
        content: &mut Content,
    ) {
        if let Err(error) =
            found.and_then(|seconds| self.keep(milliseconds(seconds), decoder, content))
        {
            self.failed = Some(error);
        }
    }

    fn keep(
        &mut self,
        start_ms: u64,
        decoder: &VideoFrames<'_, '_>,
        content: &mut Content,
    ) -> Result<(), ReasonKind> {
        if !self.decoded.insert(start_ms) {
            return Ok(());
        }
        let (width, height, rgb) = decoder.rgb(self.context.limits.preview.max(GLIMPSE))?;
        let glimpse = Glimpse::of(width, height, &rgb);
        // Another line of text changes less of a view than what makes it another: captions follow each other on one.
        if !self.read.as_ref().is_some_and(|last| last.reads_as(&glimpse)) {
            let frame = |side| {
                let (width, height, rgb) = decoder.rgb(side).ok()?;
                RgbImage::from_raw(width, height, rgb)
            };
            self.text.read(&frame, start_ms, content);
            self.read = Some(glimpse.clone());
        }
        if self.last.as_ref().is_some_and(|last| last.resembles(&glimpse)) {
            return Ok(());
        }
        self.last = Some(glimpse.clone());
        if !self.frames.takes_next() {
            return Ok(());
        }
        let picture = RgbImage::from_raw(width, height, rgb)
            .ok_or(ReasonKind::Faulty(Fault::FrameIncomplete))?;
        let locator = Locator::Time { start_ms, end_ms: start_ms };
        self.frames.push(Frame { locator, glimpse, picture });
        Ok(())
    }
}

/// Makes previews of the frames that stand for a film of so many seconds.
///
/// # Errors
/// Why there are none.
fn show(
    frames: Vec<Frame>,
    duration: f64,
    orientation: Option<i64>,
    context: &Context<'_>,
    content: &mut Content,
) -> Result<(), Reason> {
    let is_clip = frame_choice::is_clip(duration);
    let most = context.limits.preview;
    let glimpses: Vec<&Glimpse> = frames.iter().map(|frame| &frame.glimpse).collect();
    let best = frame_choice::representative(&glimpses);
    let side = (most / 2).max(1);
    let mut tiles = Vec::new();
    let shown = frame_choice::shown(frames.len());
    for (n, Frame { locator, picture, .. }) in frames.into_iter().enumerate() {
        let picture = DynamicImage::ImageRgb8(picture);
        if Some(n) == best {
            let first = preview::of(picture.clone(), orientation, locator.clone(), context)?;
            content.previews.extend(first);
        }
        if !is_clip && shown.contains(&n) {
            tiles.extend(preview::sized(picture, orientation, locator, side, context)?);
        }
    }
    if !is_clip {
        let times = tiles.iter().filter_map(|tile| match tile.locator {
            Locator::Time { start_ms, .. } => Some(start_ms as f64 / 1000.0),
            _ => None,
        });
        content.metadata.at("video stream").set("key_frames", times.collect::<Vec<f64>>());
    }
    let rasters: Vec<&Raster> = tiles.iter().map(|tile| &tile.raster).collect();
    if let Some(raster) = contact_sheet::sheet(&rasters, most) {
        content.previews.push(Preview { locator: Locator::Whole {}, raster });
        content.previews.extend(tiles);
    }
    Ok(())
}
