//! Figures as pixels and as PDF. Both are made from the SVG, so that one engine sets their text.

use cistron_base::{Fault, Result, bail};
use resvg::{tiny_skia, usvg};
use std::sync::{Arc, LazyLock};

/// Pixels of an inch in the sizes of figures, as in CSS.
const PIXELS_PER_INCH: f32 = 96.0;

/// Pixels of an inch in PNG files: two for each of the figure's size, as screens of today have.
pub const DPI: u32 = 192;

/// The most pixels of a file.
const MAX_PIXELS: u64 = 200_000_000;

/// The embedded fonts.
static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    let mut add = |bytes: &'static [u8]| {
        let ids = fonts.load_font_source(usvg::fontdb::Source::Binary(Arc::new(bytes)));
        let face = ids.first().and_then(|id| fonts.face(*id));
        face.and_then(|face| face.families.first())
            .map(|(name, _)| name.clone())
    };
    let names = [
        add(epaint_default_fonts::UBUNTU_LIGHT),
        add(epaint_default_fonts::HACK_REGULAR),
        add(epaint_default_fonts::NOTO_EMOJI_REGULAR),
    ];
    let [sans, mono, _] = names;
    if let Some(name) = sans {
        fonts.set_sans_serif_family(name);
    }
    if let Some(name) = mono {
        fonts.set_monospace_family(name);
    }
    Arc::new(fonts)
});

fn tree(svg: &str) -> Result<usvg::Tree> {
    let options = usvg::Options {
        fontdb: FONTS.clone(),
        font_family: "sans-serif".into(),
        ..usvg::Options::default()
    };
    usvg::Tree::from_str(svg, &options)
        .map_err(|error| Fault::new("internal", format!("a figure is no readable SVG: {error}")))
}

/// An SVG as PNG on white with so many pixels per inch, which the file states.
pub fn png(svg: &str, dpi: u32) -> Result<Vec<u8>> {
    let tree = tree(svg)?;
    let scale = dpi as f32 / PIXELS_PER_INCH;
    let size = tree.size();
    let (width, height) = (
        (size.width() * scale).round(),
        (size.height() * scale).round(),
    );
    let (width, height) = (width.max(1.0) as u32, height.max(1.0) as u32);
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        bail!("value", "a figure of {width} x {height} pixels is larger than {MAX_PIXELS} pixels";
            hint: "reduce `size` or `dpi`, or save it as .pdf or .svg");
    }
    let Some(mut canvas) = tiny_skia::Pixmap::new(width, height) else {
        bail!(
            "memory",
            "a figure of {width} x {height} pixels does not fit into the memory"
        );
    };
    canvas.fill(tiny_skia::Color::WHITE);
    let transform = tiny_skia::Transform::from_scale(scale, scale);
    resvg::render(&tree, transform, &mut canvas.as_mut());
    let colors: Vec<u8> = canvas
        .data()
        .chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let per_meter = (f64::from(dpi) / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_meter,
        yppu: per_meter,
        unit: png::Unit::Meter,
    }));
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&colors));
    written.map_err(|error| Fault::new("file", error.to_string()))?;
    Ok(out)
}

/// An SVG as a page of PDF of its size, with the fonts that it uses.
pub fn pdf(svg: &str) -> Result<Vec<u8>> {
    let page = svg2pdf::PageOptions {
        dpi: PIXELS_PER_INCH,
    };
    svg2pdf::to_pdf(&tree(svg)?, svg2pdf::ConversionOptions::default(), page).map_err(|error| {
        Fault::new(
            "file",
            format!("the figure cannot be written as PDF: {error}"),
        )
    })
}
