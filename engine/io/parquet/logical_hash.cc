#include "io/parquet/logical_hash.h"

#include <arrow/array/array_dict.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_run_reader.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "base/sha256.h"

namespace millrace::io {
namespace {

// Slots of an array that belong to the rows: those of a child under a null parent do not.
struct Run {
  int64_t first = 0, count = 0;
};
using Runs = std::vector<Run>;

// Lengths take four bytes; this mark says that eight more follow.
constexpr uint32_t kLongLength = 0xffffffff;
static_assert(std::endian::native == std::endian::little,
              "values are hashed as they lie in memory");

// Small pieces are joined before they are hashed; large ones go straight in, or where somebody owns
// them, whenever another hash takes them along.
class HashStream {
 public:
  void AppendOwned(const std::shared_ptr<arrow::Buffer>& owner, const void* data, size_t bytes) {
    if (bytes < kDirectBytes) return Append(data, bytes);
    Flush();
    hash_.UpdateLater(owner, data, bytes);
  }
  void Append(const void* data, size_t bytes) {
    if (bytes >= kDirectBytes) {
      Flush();
      hash_.Update(data, bytes);
      return;
    }
    buffer_.append(static_cast<const char*>(data), bytes);
    if (buffer_.size() >= kDirectBytes) Flush();
  }
  std::string FinishHex() {
    Flush();
    return hash_.FinishHex();
  }

 private:
  static constexpr size_t kDirectBytes = 16 << 10;
  // Not even nothing is appended without need: an update at once takes back what waits.
  void Flush() {
    if (buffer_.empty()) return;
    const auto joined = std::make_shared<const std::string>(std::move(buffer_));
    hash_.UpdateLater(joined, joined->data(), joined->size());
    buffer_ = std::string();
  }
  Sha256 hash_;
  std::string buffer_;
};

template <typename Float, typename Bits, Bits kQuietNan>
void AppendFloats(const uint8_t* values, int64_t count, HashStream* out) {
  Bits bits[512];
  const Float* from = reinterpret_cast<const Float*>(values);
  while (count > 0) {
    const int64_t here = std::min<int64_t>(count, 512);
    std::memcpy(bits, from, static_cast<size_t>(here) * sizeof(Float));
    for (int64_t i = 0; i < here; ++i) bits[i] = from[i] != from[i] ? kQuietNan : bits[i];
    out->Append(bits, static_cast<size_t>(here) * sizeof(Bits));
    from += here;
    count -= here;
  }
}

void AppendHalfFloats(const uint8_t* values, int64_t count, HashStream* out) {
  for (int64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, values + 2 * i, 2);
    if ((bits & 0x7c00) == 0x7c00 && (bits & 0x3ff) != 0) bits = 0x7e00;
    out->Append(&bits, 2);
  }
}

// Decimals of up to 38 digits have the width of decimal128, however they are stored.
void AppendDecimals(const uint8_t* values, const arrow::DataType& type, int64_t count,
                    HashStream* out) {
  const size_t width = static_cast<size_t>(type.byte_width());
  const bool fits = static_cast<const arrow::DecimalType&>(type).precision() <= 38;
  if (width == 16 || !fits) return out->Append(values, static_cast<size_t>(count) * width);
  for (int64_t i = 0; i < count; ++i, values += width) {
    uint8_t wide[16];
    std::memset(wide, (values[width - 1] & 0x80) != 0 ? 0xff : 0, 16);
    std::memcpy(wide, values, std::min<size_t>(width, 16));
    out->Append(wide, 16);
  }
}

// What is left of a type without dictionary and extension around it.
const arrow::DataType& PlainType(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) {
    return PlainType(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  if (type.id() == arrow::Type::EXTENSION) {
    return PlainType(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  return type;
}

bool IsListLike(arrow::Type::type id) {
  return id == arrow::Type::LIST || id == arrow::Type::LARGE_LIST || id == arrow::Type::MAP ||
         id == arrow::Type::FIXED_SIZE_LIST;
}

}  // namespace

// A column or a child of one: streams for what it has, and its children's nodes.
class LogicalHasher::Node {
 public:
  explicit Node(const arrow::DataType& declared) {
    const arrow::DataType& type = PlainType(declared);
    for (int i = 0; i < type.num_fields(); ++i) {
      children_.push_back(std::make_unique<Node>(*type.field(i)->type()));
    }
  }

  Status Update(const arrow::Array& array, const Runs& runs) {
    switch (array.type_id()) {
      case arrow::Type::DICTIONARY: {
        const auto& type = static_cast<const arrow::DictionaryType&>(*array.type());
        return UpdateDecoded(array, type.value_type(), runs);
      }
      case arrow::Type::STRING_VIEW:
        return UpdateDecoded(array, arrow::utf8(), runs);
      case arrow::Type::BINARY_VIEW:
        return UpdateDecoded(array, arrow::binary(), runs);
      case arrow::Type::EXTENSION:
        return Update(*static_cast<const arrow::ExtensionArray&>(array).storage(), runs);
      default:
        return UpdatePlain(array, runs);
    }
  }

  std::string DigestHex() {
    Sha256 hash;
    hash.UpdateField(nulls_.FinishHex());
    hash.UpdateField(lengths_.FinishHex());
    hash.UpdateField(values_.FinishHex());
    for (auto& child : children_) hash.UpdateField(child->DigestHex());
    return hash.FinishHex();
  }

  int64_t slots() const { return slots_; }

 private:
  Status UpdateDecoded(const arrow::Array& array, const std::shared_ptr<arrow::DataType>& type,
                       const Runs& runs) {
    ARROW_ASSIGN_OR_RAISE(auto decoded, arrow::compute::Cast(array, type));
    return Update(*decoded, runs);
  }

  Status UpdatePlain(const arrow::Array& array, const Runs& runs) {
    const Runs valid = NoteNulls(array, runs);
    switch (array.type_id()) {
      case arrow::Type::NA:
        return Status::OK();
      case arrow::Type::STRING:
        return AppendBinary<arrow::StringArray>(array, valid);
      case arrow::Type::BINARY:
        return AppendBinary<arrow::BinaryArray>(array, valid);
      case arrow::Type::LARGE_STRING:
        return AppendBinary<arrow::LargeStringArray>(array, valid);
      case arrow::Type::LARGE_BINARY:
        return AppendBinary<arrow::LargeBinaryArray>(array, valid);
      case arrow::Type::LIST:
        return AppendLists<arrow::ListArray>(array, valid);
      case arrow::Type::MAP:
        return AppendLists<arrow::MapArray>(array, valid);
      case arrow::Type::LARGE_LIST:
        return AppendLists<arrow::LargeListArray>(array, valid);
      case arrow::Type::FIXED_SIZE_LIST:
        return AppendLists<arrow::FixedSizeListArray>(array, valid);
      case arrow::Type::STRUCT: {
        const auto& rows = static_cast<const arrow::StructArray&>(array);
        for (size_t i = 0; i < children_.size(); ++i) {
          ARROW_RETURN_NOT_OK(children_[i]->Update(*rows.field(static_cast<int>(i)), valid));
        }
        return Status::OK();
      }
      case arrow::Type::BOOL:
        return AppendBools(array, valid);
      default:
        return AppendFixedWidth(array, valid);
    }
  }

  // Notes the positions of nulls and gives the runs that are not null.
  Runs NoteNulls(const arrow::Array& array, const Runs& runs) {
    if (array.null_count() == 0 && array.type_id() != arrow::Type::NA) {
      for (const Run& run : runs) slots_ += run.count;
      return runs;
    }
    Runs valid;
    for (const Run& run : runs) {
      int64_t at = run.first;
      auto nulls_until = [&](int64_t end) {
        for (; at < end; ++at, ++slots_) {
          nulls_.Append(&slots_, sizeof slots_);
        }
      };
      if (array.type_id() != arrow::Type::NA) {
        arrow::internal::VisitSetBitRunsVoid(array.null_bitmap_data(), array.offset() + run.first,
                                             run.count, [&](int64_t first, int64_t count) {
                                               nulls_until(run.first + first);
                                               valid.push_back(Run{at, count});
                                               at += count;
                                               slots_ += count;
                                             });
      }
      nulls_until(run.first + run.count);
    }
    return valid;
  }

  void AppendLongLength(uint64_t length) {
    const uint32_t mark = kLongLength;
    lengths_.Append(&mark, sizeof mark);
    lengths_.Append(&length, sizeof length);
  }

  // `length_of(i)` for i in [0, count).
  template <typename LengthOf>
  void AppendLengths(int64_t count, LengthOf length_of) {
    uint32_t block[512];
    size_t used = 0;
    auto flush = [&] {
      lengths_.Append(block, used * sizeof(uint32_t));
      used = 0;
    };
    for (int64_t i = 0; i < count; ++i) {
      const uint64_t length = static_cast<uint64_t>(length_of(i));
      if (length >= kLongLength) {
        flush();
        AppendLongLength(length);
        continue;
      }
      block[used++] = static_cast<uint32_t>(length);
      if (used == std::size(block)) flush();
    }
    flush();
  }

  template <typename BinaryArray>
  Status AppendBinary(const arrow::Array& array, const Runs& valid) {
    const auto& binary = static_cast<const BinaryArray&>(array);
    if (array.length() == 0) return Status::OK();
    const auto* offsets = binary.raw_value_offsets();
    const uint8_t* data = binary.raw_data();
    for (const Run& run : valid) {
      const auto* first = offsets + run.first;
      AppendLengths(run.count, [&](int64_t i) { return first[i + 1] - first[i]; });
      values_.AppendOwned(binary.value_data(), data + first[0],
                          static_cast<size_t>(first[run.count] - first[0]));
    }
    return Status::OK();
  }

  template <typename ListArray>
  Status AppendLists(const arrow::Array& array, const Runs& valid) {
    const auto& lists = static_cast<const ListArray&>(array);
    Runs elements;
    for (const Run& run : valid) {
      AppendLengths(run.count, [&](int64_t i) { return lists.value_length(run.first + i); });
      const int64_t from = lists.value_offset(run.first);
      const int64_t to = lists.value_offset(run.first + run.count - 1) +
                         lists.value_length(run.first + run.count - 1);
      if (to > from) elements.push_back(Run{from, to - from});
    }
    return children_[0]->Update(*lists.values(), elements);
  }

  Status AppendBools(const arrow::Array& array, const Runs& valid) {
    const auto& bools = static_cast<const arrow::BooleanArray&>(array);
    std::string bytes;
    for (const Run& run : valid) {
      for (int64_t i = 0; i < run.count; ++i) bytes.push_back(bools.Value(run.first + i) ? 1 : 0);
    }
    values_.Append(bytes.data(), bytes.size());
    return Status::OK();
  }

  Status AppendFixedWidth(const arrow::Array& array, const Runs& valid) {
    const arrow::DataType& type = *array.type();
    if (!arrow::is_fixed_width(type.id())) {
      return MakeError(ErrorCode::kBug, "no logical hash for type " + type.ToString());
    }
    const size_t width = static_cast<size_t>(type.byte_width());
    if (array.length() == 0 || array.data()->buffers[1] == nullptr) return Status::OK();
    const uint8_t* data = array.data()->buffers[1]->data();
    for (const Run& run : valid) {
      const uint8_t* from = data + static_cast<size_t>(array.offset() + run.first) * width;
      if (type.id() == arrow::Type::DOUBLE) {
        AppendFloats<double, uint64_t, 0x7ff8000000000000>(from, run.count, &values_);
      } else if (type.id() == arrow::Type::FLOAT) {
        AppendFloats<float, uint32_t, 0x7fc00000>(from, run.count, &values_);
      } else if (type.id() == arrow::Type::HALF_FLOAT) {
        AppendHalfFloats(from, run.count, &values_);
      } else if (arrow::is_decimal(type.id())) {
        AppendDecimals(from, type, run.count, &values_);
      } else {
        values_.AppendOwned(array.data()->buffers[1], from, static_cast<size_t>(run.count) * width);
      }
    }
    return Status::OK();
  }

  int64_t slots_ = 0;
  HashStream nulls_, lengths_, values_;
  std::vector<std::unique_ptr<Node>> children_;
};

Result<std::string> CanonicalTypeName(const arrow::DataType& declared) {
  const arrow::DataType& type = PlainType(declared);
  if (IsListLike(type.id())) {
    ARROW_ASSIGN_OR_RAISE(std::string element, CanonicalTypeName(*type.field(0)->type()));
    return "list<" + element + ">";
  }
  if (type.id() == arrow::Type::STRUCT) {
    std::string name = "struct<";
    for (const auto& field : type.fields()) {
      ARROW_ASSIGN_OR_RAISE(std::string child, CanonicalTypeName(*field->type()));
      name += std::to_string(field->name().size()) + ":" + field->name() + ": " + child + ", ";
    }
    return name + ">";
  }
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return "string";
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return "binary";
    case arrow::Type::NA:
      return "null";
    default:
      break;
  }
  if (arrow::is_decimal(type.id())) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(type);
    return "decimal(" + std::to_string(decimal.precision()) + "," +
           std::to_string(decimal.scale()) + ")";
  }
  if (arrow::is_fixed_width(type.id())) return type.ToString();
  return MakeError(ErrorCode::kBug, "no logical hash for type " + type.ToString());
}

LogicalHasher::LogicalHasher(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    Result<std::string> type = CanonicalTypeName(*field->type());
    Sha256 name;
    name.UpdateField(field->name());
    name.UpdateField(type.ok() ? *type : "");
    names_.push_back(name.FinishHex());
    columns_.push_back(std::make_unique<Node>(*field->type()));
  }
}
LogicalHasher::~LogicalHasher() = default;

Status LogicalHasher::UpdateColumn(int index, const arrow::Array& values) {
  return columns_[static_cast<size_t>(index)]->Update(values, {Run{0, values.length()}});
}

Status LogicalHasher::Update(const arrow::RecordBatch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    ARROW_RETURN_NOT_OK(UpdateColumn(i, *batch.column(i)));
  }
  return Status::OK();
}

std::string LogicalHasher::FinishHex() {
  Sha256 hash;
  hash.UpdateField("millrace-logical-1");
  hash.UpdateField(std::to_string(columns_.empty() ? 0 : columns_[0]->slots()));
  for (size_t i = 0; i < columns_.size(); ++i) {
    MILLRACE_CHECK(columns_[i]->slots() == columns_[0]->slots());
    hash.UpdateField(names_[i]);
    hash.UpdateField(columns_[i]->DigestHex());
  }
  return hash.FinishHex();
}

}  // namespace millrace::io
