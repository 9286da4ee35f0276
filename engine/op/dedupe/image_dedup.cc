// image_dedup: the first of images that look alike.
#include "op/image/decode_limits.h"
#include "op/image/image_column.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

class ImageDedupFilter : public NearFilter {
 public:
  ImageDedupFilter(ImageColumn column, const std::string& name, int distance_max,
                   const DecodeLimits& limits)
      : NearFilter({name}, distance_max,
                   {"image_dedup.duplicate", name, "", "an earlier image looks nearly the same"}),
        column_(column),
        limits_(limits) {}

  Result<std::vector<std::optional<uint64_t>>> HashesOf(
      const arrow::RecordBatch& rows) const override {
    const ImageColumn::Rows images(column_, rows);
    std::vector<std::optional<uint64_t>> hashes;
    for (int64_t row = 0; row < images.size(); ++row) {
      const auto image = images.At(row);
      hashes.push_back(image ? HashOf(*image) : std::nullopt);
    }
    return hashes;
  }

 private:
  std::optional<uint64_t> HashOf(std::string_view image) const {
    Luma luma;
    if (!limits_.Decode(image, ReadImageHeader(image), &luma).empty()) return std::nullopt;
    return DifferenceHash(luma);
  }

  ImageColumn column_;
  DecodeLimits limits_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const auto column = ImageColumn::Of(request);
  if (!column || !request.ready()) return nullptr;
  return std::make_shared<ImageDedupFilter>(
      *column, request.columns()->field(column->position())->name(),
      static_cast<int>(request.parameters().Integer("distance")), DecodeLimits(request));
}

}  // namespace

OperatorType ImageDedup() {
  OperatorType type;
  type.name = "image_dedup";
  type.kind = Kind::kFilter;
  type.global = true;
  type.keys_only = true;
  type.doc =
      "Keeps the first of images that look alike: scaled, compressed or made a little brighter. "
      "Images are compared by a hash of 64 bits, as `image_stats` gives it; an image is dropped "
      "when an earlier one that is kept differs from it in at most `distance` of them. It is "
      "compared with those that are kept alone, in the order of the input: of a, b and c, where b "
      "is like a and c only like b, a and c are kept. The reject names the first such image as its "
      "threshold, and the distance as its value. What cannot be decoded (JPEG, PNG and WebP can) "
      "and null are like nothing and kept.";
  type.source =
      "dHash: Neal Krawetz, \"Kind of Like That\", The Hacker Factor Blog, 21 January 2013; here "
      "over areas of the whole image, without scaling it first";
  type.parameters = {
      {.key = "field",
       .type = FieldType::kText,
       .doc = "The column of images: binary, or a struct with a member `bytes` that is.",
       .required = true},
      {.key = "distance",
       .type = FieldType::kInteger,
       .doc = "In so many of the 64 bits two images may differ and look alike. With 0 only those "
              "of equal hashes do; above about 10 different ones begin to. The larger, the more "
              "work.",
       .fallback = "4",
       .min = 0,
       .max = 16},
  };
  for (Field& field : DecodeLimits::Fields(", and kept")) {
    type.parameters.push_back(std::move(field));
  }
  type.example = "{id: once, type: image_dedup, field: image, distance: 4}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
