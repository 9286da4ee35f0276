// image_filter: keeps images of some formats and sizes.
#include <arrow/builder.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "op/image/image_column.h"
#include "op/image/image_header.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

enum : uint8_t { kNone, kUnreadable, kFormat, kWidth, kHeight, kAspect, kBytes };

struct Range {
  double min = 0, max = std::numeric_limits<double>::infinity();
  bool Has(double value) const { return value >= min && value <= max; }
  std::string Text() const {
    return fmt::format(
        "{}..{}", min,
        max == std::numeric_limits<double>::infinity() ? std::string() : fmt::format("{}", max));
  }
};

struct Wanted {
  std::vector<std::string> formats;  // empty: any
  Range width, height, aspect, bytes;
};

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

class ImageFilterOperator : public Filter {
 public:
  ImageFilterOperator(ImageColumn column, const std::string& name, Wanted wanted)
      : Filter({name},
               {{"image_filter.null", name, "", "there is no image"},
                {"image_filter.unreadable", name, "",
                 "it is no image of a known format, or its header is damaged"},
                {"image_filter.format", name, Listed(wanted.formats), "the format is another one"},
                {"image_filter.width", name, wanted.width.Text(), "the width is out of bounds"},
                {"image_filter.height", name, wanted.height.Text(), "the height is out of bounds"},
                {"image_filter.aspect", name, wanted.aspect.Text(),
                 "the aspect (width by height) is out of bounds"},
                {"image_filter.bytes", name, wanted.bytes.Text(),
                 "the size in bytes is out of bounds"}}),
        column_(column),
        wanted_(std::move(wanted)) {}

  Result<Verdict> Judge(const arrow::RecordBatch& rows, RowFailures*) const override {
    const ImageColumn::Rows images(column_, rows);
    Verdict verdict;
    verdict.reason.assign(static_cast<size_t>(images.size()), kNone);
    arrow::BooleanBuilder keep;
    ARROW_RETURN_NOT_OK(keep.Reserve(images.size()));
    for (int64_t row = 0; row < images.size(); ++row) {
      const auto image = images.At(row);
      keep.UnsafeAppend(image && Fits(*image, &verdict.reason[static_cast<size_t>(row)]));
    }
    ARROW_RETURN_NOT_OK(keep.Finish(&verdict.keep));
    return verdict;
  }

  // "png 640x480, 90211 bytes"
  Result<std::shared_ptr<arrow::Array>> Measured(const arrow::RecordBatch& dropped) const override {
    const ImageColumn::Rows images(column_, dropped);
    arrow::StringBuilder texts;
    for (int64_t row = 0; row < images.size(); ++row) {
      const auto image = images.At(row);
      if (!image) {
        ARROW_RETURN_NOT_OK(texts.AppendNull());
        continue;
      }
      const ImageHeader header = ReadImageHeader(*image);
      const bool known = header.format != ImageFormat::kUnknown;
      ARROW_RETURN_NOT_OK(texts.Append(fmt::format("{} {}x{}, {} bytes",
                                                   known ? FormatName(header.format) : "unknown",
                                                   header.width, header.height, image->size())));
    }
    return texts.Finish();
  }

 private:
  bool Fits(std::string_view image, uint8_t* reason) const {
    const ImageHeader header = ReadImageHeader(image);
    const auto fails = [&](uint8_t why) {
      *reason = why;
      return false;
    };
    if (!header.whole()) return fails(kUnreadable);
    const auto& formats = wanted_.formats;
    if (!formats.empty() &&
        std::find(formats.begin(), formats.end(), FormatName(header.format)) == formats.end()) {
      return fails(kFormat);
    }
    const auto width = static_cast<double>(header.width);
    const auto height = static_cast<double>(header.height);
    if (!wanted_.width.Has(width)) return fails(kWidth);
    if (!wanted_.height.Has(height)) return fails(kHeight);
    if (!wanted_.aspect.Has(width / height)) return fails(kAspect);
    if (!wanted_.bytes.Has(static_cast<double>(image.size()))) return fails(kBytes);
    return true;
  }

  ImageColumn column_;
  Wanted wanted_;
};

void ReadRange(const Request& request, const std::string& name, Range* range) {
  const std::string low = name + "_min", high = name + "_max";
  const auto number = [](const ConfigValue& value) {
    return value.kind == ConfigValue::Kind::kNumber ? value.number
                                                    : static_cast<double>(value.integer);
  };
  const ConfigValue* min = request.parameters().Find(low);
  const ConfigValue* max = request.parameters().Find(high);
  if (min != nullptr) range->min = number(*min);
  if (max != nullptr) range->max = number(*max);
  if (range->min > range->max) {
    request.Report(high, ErrorCode::kBadValue, '`' + high + "` is below `" + low + '`');
  }
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const auto column = ImageColumn::Of(request);
  Wanted wanted;
  wanted.formats = request.parameters().Texts("formats");
  for (const std::string& format : wanted.formats) {
    const std::vector<std::string> known = {"jpeg", "png", "webp", "gif", "bmp"};
    if (std::find(known.begin(), known.end(), format) != known.end()) continue;
    request.Report("formats", ErrorCode::kBadValue, "`" + format + "` is no format of images",
                   "there are " + Listed(known));
  }
  ReadRange(request, "width", &wanted.width);
  ReadRange(request, "height", &wanted.height);
  ReadRange(request, "aspect", &wanted.aspect);
  ReadRange(request, "bytes", &wanted.bytes);
  if (!column || !request.ready()) return nullptr;
  return std::make_shared<ImageFilterOperator>(
      *column, request.columns()->field(column->position())->name(), std::move(wanted));
}

}  // namespace

OperatorType ImageFilter() {
  const auto bound = [](const std::string& key, FieldType type, const std::string& doc) {
    Field field;
    field.key = key;
    field.type = type;
    field.doc = doc;
    field.min = 0;
    field.number_max = 1e6;
    return field;
  };
  OperatorType type;
  type.name = "image_filter";
  type.kind = Kind::kFilter;
  type.doc =
      "Keeps images by format and size, as their headers tell (JPEG, PNG, WebP, GIF, BMP; nothing "
      "is decoded). Bounds are included. What is null, of another format or has a damaged header "
      "is dropped.";
  type.parameters = {{.key = "field",
                      .type = FieldType::kText,
                      .doc = "The column of images: binary, or a struct with a member `bytes`.",
                      .required = true},
                     {.key = "formats",
                      .type = FieldType::kTexts,
                      .doc = "Which formats to keep: `jpeg`, `png`, `webp`, `gif`, `bmp`; if "
                             "absent all of these.",
                      .min = 1,
                      .allow_single = true},
                     bound("width_min", FieldType::kInteger, "The smallest width, in pixels."),
                     bound("width_max", FieldType::kInteger, "The largest width, in pixels."),
                     bound("height_min", FieldType::kInteger, "The smallest height, in pixels."),
                     bound("height_max", FieldType::kInteger, "The largest height, in pixels."),
                     bound("aspect_min", FieldType::kNumber, "The smallest width by height."),
                     bound("aspect_max", FieldType::kNumber, "The largest width by height."),
                     bound("bytes_min", FieldType::kSize, "The smallest size in bytes."),
                     bound("bytes_max", FieldType::kSize, "The largest size in bytes.")};
  type.example =
      "{id: usable, type: image_filter, field: image, formats: [jpeg, png], width_min: 256, "
      "height_min: 256}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
