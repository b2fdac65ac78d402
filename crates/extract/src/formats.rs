//! The table of formats: which there are. The way from bytes to a document is [`crate::extract`].
//!
//! Adding a format is a file beside the others under `formats/`, its `mod` line and its row.

use crate::format::Format;

mod aes_blocks;
mod alz;
mod alz_bzip2;
mod archive_members;
mod asciidoc;
mod asf_header;
mod ass;
mod bitmap_file;
mod bmp;
mod bpg;
mod broadcast_wave;
mod bytes;
mod cab;
mod cab_folder;
mod calendar;
mod camera_raw;
mod card;
mod code_page;
mod content_line;
mod crypto_api;
mod csv;
pub(crate) mod csv_rows;
mod cut_short;
mod data_url;
pub(crate) mod date;
mod dav;
mod dbf;
mod degrees;
mod dicom;
mod doc;
mod docx;
mod docx_field;
mod docx_hidden;
mod docx_math;
mod docx_numbering;
mod drawing;
mod egg;
mod eml;
mod eps;
mod epub;
mod eq_field;
mod fax;
mod fields;
mod film_frames;
mod fits;
mod geotiff;
mod gif;
mod hangul;
mod hangul_chart;
mod hangul_description;
mod hangul_line;
mod hangul_numbering;
mod hangul_object;
mod hangul_pages;
mod hangul_private;
mod hangul_spread;
mod heif;
mod heif_items;
mod heif_pixels;
mod hidden_cells;
mod html;
mod html_element;
mod html_table;
mod hwp3;
mod hwp5;
mod hwpml;
mod hwpx;
mod icc;
mod icon;
mod id3;
mod ifd;
mod iptc;
mod iso9660;
mod iso_boxes;
mod iwork;
mod jpeg;
mod jpeg2000;
mod jpeg_xl;
mod json;
mod jumbf;
pub(crate) mod keywords;
mod korean_bytes;
mod latex;
mod linked_data;
mod locked_member;
mod lrc;
mod lz4_block;
mod lzw;
mod mail_body;
mod mail_flowed;
mod mail_header;
mod mail_transfer;
mod maker_note;
mod mapi;
mod markdown;
mod markup;
mod media;
mod media_io;
mod media_sniff;
mod media_tags;
mod member_names;
mod microdvd;
mod mp4_boxes;
mod mp4_samples;
mod msg;
mod number_code;
mod number_date;
mod number_format;
mod number_fraction;
mod number_numeral;
mod odf;
mod odf_beside;
mod odf_body;
mod odf_cipher;
mod odf_edges;
mod odf_frame;
mod odf_hidden;
mod odf_list;
mod odf_picture;
mod odf_row;
mod odf_signs;
mod odf_style;
mod office_art;
mod office_cipher;
mod office_encrypted;
mod office_hash;
mod office_property;
mod office_rc4;
mod office_summary;
mod office_xml;
mod ole_object;
mod ooxml;
mod ooxml_member;
mod ooxml_property;
mod ooxml_relationship;
mod package;
mod packed_file;
mod packing;
mod page_fonts;
mod parquet;
mod parquet_column;
mod parquet_encoding;
mod parquet_value;
mod part_path;
mod pcx;
mod pdf;
mod pdf_accent;
mod pdf_annotation;
mod pdf_attachment;
mod pdf_cmap;
mod pdf_code_ranges;
mod pdf_column;
mod pdf_content;
mod pdf_doubt;
mod pdf_field;
mod pdf_file;
mod pdf_filter;
mod pdf_flow;
mod pdf_font;
mod pdf_font_program;
mod pdf_glyph;
mod pdf_glyph_name;
mod pdf_interpreter;
mod pdf_korea;
mod pdf_korean_break;
mod pdf_layers;
mod pdf_layout;
mod pdf_lexer;
mod pdf_line;
mod pdf_lock;
mod pdf_matrix;
mod pdf_metadata;
mod pdf_operand;
mod pdf_outline;
mod pdf_page_labels;
mod pdf_page_text;
mod pdf_pages;
mod pdf_painted;
mod pdf_raster;
mod pdf_resources;
mod pdf_run;
mod pdf_scan;
mod pdf_signs;
mod pdf_spelling;
mod pdf_standard_font;
mod pdf_state;
mod pdf_stream;
mod pdf_structure;
mod pdf_tex_font;
mod pdf_tracking;
mod pdf_tree;
mod pdf_verdict;
mod pdf_vertical;
mod pdf_word;
mod pdf_words;
mod pdf_xfa;
mod photoshop;
mod photoshop_pixels;
mod picture;
mod picture_exif;
mod pkcs7;
mod png;
mod portable_picture;
mod ppt;
mod pptx;
mod preview;
mod property_set;
mod pst;
mod rar;
mod rar4;
mod rar5;
mod rar_member;
mod rc4;
mod rtf;
mod rtf_compressed;
mod run_font;
mod running_line;
mod sami;
mod sevenz;
mod sheet_control;
mod sheet_row;
mod sidecar;
mod snappy;
mod sound;
mod spreadsheet_xml;
mod sqlite;
mod sqlite_page;
mod sqlite_record;
mod sqlite_schema;
mod subtitle;
mod subtitle_packet;
mod symbol_font;
mod tar;
mod targa;
mod text;
mod thrift;
mod thumbnail;
mod tiff;
mod tiff_pages;
mod tiff_tag;
mod tnef;
mod ttml;
mod utf8_stream;
mod uuencode;
mod webp;
mod windows_text;
mod word_xml;
mod workbook;
mod xcf;
mod xls;
mod xlsb;
mod xlsx;
mod xml;
pub(crate) mod xmp;
mod xstring;
mod zip;
mod zip_cipher;
mod zip_heads;
mod zip_packing;
mod zip_table;
mod zip_unlisted;
mod zstd_frames;

/// Every format that Madang reads. Of two rows that are equally sure, the earlier wins.
pub static FORMATS: &[&Format] = &[
    &hwp3::FORMAT,
    &hwp5::FORMAT,
    &hwpx::FORMAT,
    &hwpml::FORMAT,
    &docx::FORMAT,
    &xlsx::FORMAT,
    &pptx::FORMAT,
    &odf::FORMAT,
    &office_encrypted::FORMAT,
    &epub::FORMAT,
    &iwork::FORMAT,
    &msg::FORMAT,
    &tnef::FORMAT,
    &pst::FORMAT,
    &rtf::FORMAT,
    &doc::FORMAT,
    &xls::FORMAT,
    &ppt::FORMAT,
    &zip::FORMAT,
    &egg::FORMAT,
    &alz::FORMAT,
    &sevenz::FORMAT,
    &rar::FORMAT,
    &cab::FORMAT,
    &iso9660::FORMAT,
    &tar::FORMAT,
    &packed_file::GZIP,
    &packed_file::BZIP2,
    &packed_file::XZ,
    &packed_file::ZSTD,
    &packed_file::LZMA,
    &packed_file::COMPRESS,
    &pdf::FORMAT,
    &jpeg::FORMAT,
    &png::FORMAT,
    &gif::FORMAT,
    &camera_raw::FORMAT,
    &tiff::FORMAT,
    &webp::FORMAT,
    &bmp::FORMAT,
    &heif::FORMAT,
    &jpeg2000::FORMAT,
    &jpeg_xl::FORMAT,
    &photoshop::FORMAT,
    &dicom::FORMAT,
    &fits::FORMAT,
    &bpg::FORMAT,
    &eps::FORMAT,
    &xcf::FORMAT,
    &icon::FORMAT,
    &pcx::FORMAT,
    &targa::FORMAT,
    &portable_picture::FORMAT,
    &media::MP4,
    &media::MATROSKA,
    &media::AVI,
    &media::WAV,
    &media::FLAC,
    &media::OGG,
    &media::ASF,
    &media::FLV,
    &media::AMR,
    &media::AIFF,
    &media::CAF,
    &media::AU,
    &media::W64,
    &media::AC3,
    &media::EAC3,
    &media::DTS,
    &media::WAVPACK,
    &media::TTA,
    &media::MUSEPACK,
    &media::MPEG_TS,
    &media::MPEG_PS,
    &media::DAV,
    &media::MXF,
    &media::REAL,
    &media::IVF,
    &media::H264,
    &media::HEVC,
    &media::MPEG_VIDEO,
    &media::AAC,
    &media::MP3,
    &calendar::FORMAT,
    &card::FORMAT,
    &pkcs7::FORMAT,
    &eml::MBOX,
    &eml::EML,
    &subtitle::VTT,
    &subtitle::SRT,
    &subtitle::SBV,
    &microdvd::FORMAT,
    &lrc::FORMAT,
    &sami::FORMAT,
    &ass::FORMAT,
    &ttml::FORMAT,
    &sqlite::FORMAT,
    &parquet::FORMAT,
    &dbf::FORMAT,
    &sidecar::FORMAT,
    &word_xml::FORMAT,
    &spreadsheet_xml::FORMAT,
    &html::FORMAT,
    &xml::FORMAT,
    &json::FORMAT,
    &csv::FORMAT,
    &markdown::FORMAT,
    &asciidoc::FORMAT,
    &latex::FORMAT,
    // Last: it takes whatever reads as text.
    &text::FORMAT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_media_types_of_rows_are_well_formed() {
        for (n, format) in FORMATS.iter().enumerate() {
            assert!(FORMATS.iter().skip(n + 1).all(|f| f.name != format.name), "{}", format.name);
            assert!(format.version > 0 && !format.media_types.is_empty(), "{}", format.name);
        }
    }
}
