// image_stats: what an image is, and how much there is to see on it.
#include <arrow/builder.h>
#include <fmt/format.h>

#include "op/image/decode_limits.h"
#include "op/image/image_column.h"
#include "op/image/luma.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

struct Columns {
  arrow::StringBuilder format, reason, hash;
  arrow::Int64Builder width, height, bytes;
  arrow::DoubleBuilder aspect, sharpness, entropy;
};

class ImageStatsScorer : public Scorer {
 public:
  ImageStatsScorer(ImageColumn column, const std::string& name, const DecodeLimits& limits,
                   arrow::FieldVector adds)
      : Scorer({name}, std::move(adds)), column_(column), limits_(limits) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    const ImageColumn::Rows images(column_, rows);
    Columns columns;
    for (int64_t row = 0; row < images.size(); ++row) {
      const auto image = images.At(row);
      ARROW_RETURN_NOT_OK(image ? Measure(*image, &columns) : AppendNulls(&columns));
    }
    arrow::ArrayVector out(9);
    arrow::ArrayBuilder* const builders[] = {&columns.format, &columns.reason,    &columns.hash,
                                             &columns.width,  &columns.height,    &columns.bytes,
                                             &columns.aspect, &columns.sharpness, &columns.entropy};
    for (size_t i = 0; i < out.size(); ++i) {
      ARROW_RETURN_NOT_OK(builders[i]->Finish(&out[i]));
    }
    return out;
  }

 private:
  static Status AppendNulls(Columns* columns) {
    for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
             &columns->format, &columns->reason, &columns->hash, &columns->width, &columns->height,
             &columns->bytes, &columns->aspect, &columns->sharpness, &columns->entropy}) {
      ARROW_RETURN_NOT_OK(builder->AppendNull());
    }
    return Status::OK();
  }

  Status Measure(std::string_view image, Columns* columns) const {
    const ImageHeader header = ReadImageHeader(image);
    ARROW_RETURN_NOT_OK(columns->bytes.Append(static_cast<int64_t>(image.size())));
    const bool known = header.format != ImageFormat::kUnknown;
    ARROW_RETURN_NOT_OK(known ? columns->format.Append(FormatName(header.format))
                              : columns->format.AppendNull());
    if (header.whole()) {
      ARROW_RETURN_NOT_OK(columns->width.Append(header.width));
      ARROW_RETURN_NOT_OK(columns->height.Append(header.height));
      ARROW_RETURN_NOT_OK(columns->aspect.Append(static_cast<double>(header.width) /
                                                 static_cast<double>(header.height)));
    } else {
      ARROW_RETURN_NOT_OK(columns->width.AppendNull());
      ARROW_RETURN_NOT_OK(columns->height.AppendNull());
      ARROW_RETURN_NOT_OK(columns->aspect.AppendNull());
    }
    Luma luma;
    std::string reason = "unknown format";
    if (known) reason = limits_.Decode(image, header, &luma);
    if (!reason.empty()) {
      ARROW_RETURN_NOT_OK(columns->reason.Append(reason));
      ARROW_RETURN_NOT_OK(columns->hash.AppendNull());
      ARROW_RETURN_NOT_OK(columns->sharpness.AppendNull());
      return columns->entropy.AppendNull();
    }
    ARROW_RETURN_NOT_OK(columns->reason.AppendNull());
    ARROW_RETURN_NOT_OK(columns->hash.Append(fmt::format("{:016x}", DifferenceHash(luma))));
    ARROW_RETURN_NOT_OK(columns->sharpness.Append(Sharpness(luma)));
    return columns->entropy.Append(Entropy(luma));
  }

  ImageColumn column_;
  DecodeLimits limits_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const auto column = ImageColumn::Of(request);
  arrow::FieldVector adds;
  // Not what the image shows, so not sensitive even where the image is.
  for (const char* name : {"format", "reason", "hash"}) {
    adds.push_back(request.NewField(name, arrow::utf8(), {}));
  }
  for (const char* name : {"width", "height", "bytes"}) {
    adds.push_back(request.NewMeasure(name, arrow::int64()));
  }
  for (const char* name : {"aspect", "sharpness", "entropy"}) {
    adds.push_back(request.NewMeasure(name, arrow::float64()));
  }
  if (!column || !request.ready()) return nullptr;
  // The hash tells two equal images: as much as their bytes would.
  adds[2] = MarkSensitive(adds[2], request.IsSensitive({column->position()}));
  return std::make_shared<ImageStatsScorer>(*column,
                                            request.columns()->field(column->position())->name(),
                                            DecodeLimits(request), std::move(adds));
}

}  // namespace

OperatorType ImageStats() {
  OperatorType type;
  type.name = "image_stats";
  type.kind = Kind::kScore;
  type.doc =
      "Measures images. Format and size come from the header (JPEG, PNG, WebP, GIF, BMP); for "
      "`sharpness`, `entropy` and `hash` the image is decoded (JPEG, PNG, WebP). What cannot be "
      "measured is null, and `<id>_reason` says why: `unknown format`, `not decoded`, `damaged`, "
      "`animated`, `too many pixels`, `too many bytes`.";
  type.columns_doc =
      "fields `<id>_format`, `<id>_reason` and `<id>_hash` (64 bits as hex, which images that look "
      "alike share: `exact_dedup` by it keeps the first of them); measures `width`, `height`, "
      "`bytes`, `aspect` (width by height), `sharpness` (the variance of the Laplacian of the "
      "brightness: a blurred photo has less than about 100) and `entropy` (bits of the "
      "distribution of brightness, 0 to 8)";
  type.example = "{id: picture, type: image_stats, field: image}";
  type.parameters = {
      {.key = "field",
       .type = FieldType::kText,
       .doc = "The column of images: binary, or a struct with a member `bytes` that is.",
       .required = true},
  };
  for (Field& field : DecodeLimits::Fields("")) type.parameters.push_back(std::move(field));
  type.make = Make;
  return type;
}

}  // namespace millrace::op
