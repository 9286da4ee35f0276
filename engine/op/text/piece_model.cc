#include "op/text/piece_model.h"

#include <cstring>

namespace millrace::op {
namespace {

/// The fields of a protocol buffer, one after the other.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  /// False at the end, and where the bytes are none.
  bool Next() {
    if (at_ >= bytes_.size()) return false;
    uint64_t key = 0;
    if (!Varint(&key)) return Fail();
    field_ = static_cast<int>(key >> 3);
    wire_ = static_cast<int>(key & 7);
    switch (wire_) {
      case 0:
        return Varint(&number_) || Fail();
      case 1:
        return Take(8) || Fail();
      case 2: {
        uint64_t size = 0;
        return (Varint(&size) && size <= bytes_.size() - at_ && Take(size)) || Fail();
      }
      case 5:
        return Take(4) || Fail();
      default:
        return Fail();
    }
  }

  bool failed() const { return failed_; }
  bool Is(int field, int wire) const { return field_ == field && wire_ == wire; }
  uint64_t number() const { return number_; }
  std::string_view bytes() const { return value_; }
  float AsFloat() const {
    float value = 0;
    std::memcpy(&value, value_.data(), sizeof value);
    return value;
  }

 private:
  bool Fail() {
    failed_ = true;
    return false;
  }
  bool Take(uint64_t size) {
    if (size > bytes_.size() - at_) return false;
    value_ = bytes_.substr(at_, size);
    at_ += size;
    return true;
  }
  bool Varint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  std::string_view bytes_, value_;
  size_t at_ = 0;
  int field_ = 0, wire_ = 0;
  uint64_t number_ = 0;
  bool failed_ = false;
};

bool ReadPiece(std::string_view bytes, Piece* piece) {
  Fields fields(bytes);
  while (fields.Next()) {
    if (fields.Is(1, 2)) piece->text = fields.bytes();
    if (fields.Is(2, 5)) piece->score = fields.AsFloat();
    if (fields.Is(3, 0)) piece->type = static_cast<int>(fields.number());
  }
  return !fields.failed();
}

bool ReadTrainer(std::string_view bytes, PieceModel* model) {
  Fields fields(bytes);
  while (fields.Next()) {
    if (fields.Is(3, 0)) model->kind = static_cast<int>(fields.number());
    if (fields.Is(24, 0)) model->space_as_suffix = fields.number() != 0;
    if (fields.Is(35, 0)) model->byte_fallback = fields.number() != 0;
  }
  return !fields.failed();
}

bool ReadNormalizer(std::string_view bytes, PieceModel* model) {
  Fields fields(bytes);
  while (fields.Next()) {
    if (fields.Is(2, 2)) model->charsmap = fields.bytes();
    if (fields.Is(3, 0)) model->dummy_prefix = fields.number() != 0;
    if (fields.Is(4, 0)) model->remove_extra_spaces = fields.number() != 0;
    if (fields.Is(5, 0)) model->escape_spaces = fields.number() != 0;
  }
  return !fields.failed();
}

Status NoModel(const std::string& why) {
  return MakeError(ErrorCode::kBadValue, "it is no SentencePiece model: " + why);
}

}  // namespace

Result<PieceModel> ReadPieceModel(std::string_view bytes) {
  PieceModel model;
  Fields fields(bytes);
  bool whole = true;
  while (whole && fields.Next()) {
    if (fields.Is(1, 2)) whole = ReadPiece(fields.bytes(), &model.pieces.emplace_back());
    if (fields.Is(2, 2)) whole = ReadTrainer(fields.bytes(), &model);
    if (fields.Is(3, 2)) whole = ReadNormalizer(fields.bytes(), &model);
  }
  if (!whole || fields.failed()) return NoModel("the file is damaged, or of another format");
  if (model.pieces.empty()) return NoModel("it has no pieces");
  return model;
}

}  // namespace millrace::op
