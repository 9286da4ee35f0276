#include "export/json_rows.h"

#include <arrow/array.h>
#include <arrow/type_traits.h>
#include <arrow/util/base64.h>
#include <arrow/util/decimal.h>
#include <simdjson.h>

#include <cmath>
#include <memory>
#include <vector>

#include "base/decimal_text.h"
#include "io/text/value_text.h"

namespace millrace::exporting {
namespace {

struct Output {
  std::string* text;
  int64_t non_finite = 0;
};

// Writes the values of one array; made once per batch, so that the type is looked at once.
class Cell {
 public:
  explicit Cell(const arrow::Array& array) : array_(array), nulls_(array.null_count() != 0) {}
  virtual ~Cell() = default;
  void Append(int64_t row, Output* out) const {
    if (nulls_ && array_.IsNull(row)) {
      *out->text += "null";
    } else {
      AppendValue(row, out);
    }
  }

 protected:
  virtual void AppendValue(int64_t row, Output* out) const = 0;
  template <typename ArrayType>
  const ArrayType& As() const {
    return static_cast<const ArrayType&>(array_);
  }

 private:
  const arrow::Array& array_;
  bool nulls_;
};
using CellPtr = std::unique_ptr<Cell>;
Result<CellPtr> MakeCell(const arrow::Array& array);

// A cell whose whole doing is one expression over (array, row, out).
template <typename ArrayType, typename Write>
class SimpleCell : public Cell {
 public:
  SimpleCell(const arrow::Array& array, Write write) : Cell(array), write_(std::move(write)) {}
  void AppendValue(int64_t row, Output* out) const override { write_(As<ArrayType>(), row, out); }

 private:
  Write write_;
};
template <typename ArrayType, typename Write>
CellPtr Simple(const arrow::Array& array, Write write) {
  return std::make_unique<SimpleCell<ArrayType, Write>>(array, std::move(write));
}

template <typename ArrayType>
CellPtr Signed(const arrow::Array& array) {
  return Simple<ArrayType>(array, [](const ArrayType& values, int64_t row, Output* out) {
    io::AppendInteger(values.Value(row), out->text);
  });
}
template <typename ArrayType>
CellPtr Unsigned(const arrow::Array& array) {
  return Simple<ArrayType>(array, [](const ArrayType& values, int64_t row, Output* out) {
    io::AppendUnsigned(values.Value(row), out->text);
  });
}

// A fraction or an exponent stays visible, or readers would take the column for integers.
void AppendReal(double value, bool narrow, Output* out) {
  if (!std::isfinite(value)) {
    ++out->non_finite;
    *out->text += "null";
    return;
  }
  const size_t start = out->text->size();
  if (narrow) {
    io::AppendFloat(static_cast<float>(value), out->text);
  } else {
    io::AppendDouble(value, out->text);
  }
  if (out->text->find_first_of(".e", start) == std::string::npos) *out->text += ".0";
}
template <typename ArrayType>
CellPtr Real(const arrow::Array& array, bool narrow) {
  return Simple<ArrayType>(array, [narrow](const ArrayType& values, int64_t row, Output* out) {
    AppendReal(static_cast<double>(values.Value(row)), narrow, out);
  });
}

template <typename ArrayType>
CellPtr Text(const arrow::Array& array) {
  return Simple<ArrayType>(array, [](const ArrayType& values, int64_t row, Output* out) {
    AppendJsonString(values.GetView(row), out->text);
  });
}
template <typename ArrayType>
CellPtr Bytes(const arrow::Array& array) {
  return Simple<ArrayType>(array, [](const ArrayType& values, int64_t row, Output* out) {
    *out->text += '"';
    *out->text += arrow::util::base64_encode(values.GetView(row));
    *out->text += '"';
  });
}
// Exact digits, in quotes: most readers would round a JSON number to a double.
template <typename ArrayType>
CellPtr Decimal(const arrow::Array& array) {
  using Value = typename arrow::TypeTraits<typename ArrayType::TypeClass>::CType;
  const int scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  return Simple<ArrayType>(array, [scale](const ArrayType& values, int64_t row, Output* out) {
    *out->text += '"';
    const Value value(values.GetValue(row));
    *out->text += DecimalText(value.ToIntegerString(), scale);
    *out->text += '"';
  });
}

template <typename ArrayType, typename Append>
CellPtr Quoted(const arrow::Array& array, Append append) {
  return Simple<ArrayType>(array, [append](const ArrayType& values, int64_t row, Output* out) {
    *out->text += '"';
    append(values.Value(row), out->text);
    *out->text += '"';
  });
}
template <typename ArrayType>
CellPtr TimeOfDay(const arrow::Array& array) {
  const auto unit = static_cast<const arrow::TimeType&>(*array.type()).unit();
  return Quoted<ArrayType>(
      array, [unit](int64_t value, std::string* out) { io::AppendTimeOfDay(value, unit, out); });
}
CellPtr Timestamp(const arrow::Array& array) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  return Quoted<arrow::TimestampArray>(
      array, [&type](int64_t value, std::string* out) { io::AppendTimestamp(value, type, out); });
}

template <typename ListArray>
class ListCell : public Cell {
 public:
  ListCell(const arrow::Array& array, CellPtr element)
      : Cell(array), element_(std::move(element)) {}
  void AppendValue(int64_t row, Output* out) const override {
    const auto& lists = As<ListArray>();
    const int64_t first = lists.value_offset(row), end = first + lists.value_length(row);
    *out->text += '[';
    for (int64_t i = first; i < end; ++i) {
      if (i > first) *out->text += ',';
      element_->Append(i, out);
    }
    *out->text += ']';
  }

 private:
  CellPtr element_;
};
template <typename ListArray>
Result<CellPtr> List(const arrow::Array& array) {
  ARROW_ASSIGN_OR_RAISE(CellPtr element, MakeCell(*static_cast<const ListArray&>(array).values()));
  return std::make_unique<ListCell<ListArray>>(array, std::move(element));
}

// A JSON object: of a struct's fields, or of a whole row's columns.
class Members {
 public:
  Status Add(const std::string& name, std::shared_ptr<arrow::Array> array) {
    std::string key = cells_.empty() ? "{" : ",";
    AppendJsonString(name, &key);
    keys_.push_back(key + ":");
    ARROW_ASSIGN_OR_RAISE(CellPtr cell, MakeCell(*array));
    cells_.push_back(std::move(cell));
    arrays_.push_back(std::move(array));
    return Status::OK();
  }
  void Append(int64_t row, Output* out) const {
    if (cells_.empty()) *out->text += '{';
    for (size_t i = 0; i < cells_.size(); ++i) {
      *out->text += keys_[i];
      cells_[i]->Append(row, out);
    }
    *out->text += '}';
  }

 private:
  std::vector<std::string> keys_;
  std::vector<CellPtr> cells_;
  arrow::ArrayVector arrays_;  // kept alive: a struct's field() makes a new one
};

class StructCell : public Cell {
 public:
  StructCell(const arrow::Array& array, Members members)
      : Cell(array), members_(std::move(members)) {}
  void AppendValue(int64_t row, Output* out) const override { members_.Append(row, out); }

 private:
  Members members_;
};
Result<CellPtr> Struct(const arrow::Array& array) {
  const auto& rows = static_cast<const arrow::StructArray&>(array);
  Members members;
  for (int i = 0; i < rows.num_fields(); ++i) {
    ARROW_RETURN_NOT_OK(members.Add(rows.struct_type()->field(i)->name(), rows.field(i)));
  }
  return std::make_unique<StructCell>(array, std::move(members));
}

// One pass over all bytes; then no value may start inside a character.
template <typename ArrayType>
bool IsUtf8(const arrow::Array& array) {
  const auto& texts = static_cast<const ArrayType&>(array);
  if (texts.length() == 0) return true;
  const int64_t first = texts.value_offset(0);
  const int64_t bytes = texts.value_offset(texts.length()) - first;
  const char* data = reinterpret_cast<const char*>(texts.raw_data()) + first;
  if (bytes == 0) return true;
  if (!simdjson::validate_utf8(data, static_cast<size_t>(bytes))) return false;
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (texts.value_length(i) > 0 &&
        (static_cast<uint8_t>(data[texts.value_offset(i) - first]) & 0xc0) == 0x80) {
      return false;
    }
  }
  return true;
}
template <typename ArrayType>
Result<CellPtr> CheckedText(const arrow::Array& array) {
  if (IsUtf8<ArrayType>(array)) return Text<ArrayType>(array);
  return MakeError(ErrorCode::kCorruptFile, "a string column holds bytes that are not UTF-8");
}

Status NoJsonForm(const arrow::DataType& type) {
  return MakeError(ErrorCode::kBadValue,
                   "the type " + type.ToString() + " has no form in JSON Lines");
}

Result<CellPtr> MakeCell(const arrow::Array& array) {
  using arrow::Type;
  switch (array.type_id()) {
    case Type::NA:
      return Simple<arrow::NullArray>(array,
                                      [](auto&, int64_t, Output* out) { *out->text += "null"; });
    case Type::BOOL:
      return Simple<arrow::BooleanArray>(array, [](const auto& values, int64_t row, Output* out) {
        *out->text += values.Value(row) ? "true" : "false";
      });
    case Type::INT8:
      return Signed<arrow::Int8Array>(array);
    case Type::INT16:
      return Signed<arrow::Int16Array>(array);
    case Type::INT32:
      return Signed<arrow::Int32Array>(array);
    case Type::INT64:
      return Signed<arrow::Int64Array>(array);
    case Type::DURATION:
      return Signed<arrow::DurationArray>(array);
    case Type::UINT8:
      return Unsigned<arrow::UInt8Array>(array);
    case Type::UINT16:
      return Unsigned<arrow::UInt16Array>(array);
    case Type::UINT32:
      return Unsigned<arrow::UInt32Array>(array);
    case Type::UINT64:
      return Unsigned<arrow::UInt64Array>(array);
    case Type::FLOAT:
      return Real<arrow::FloatArray>(array, /*narrow=*/true);
    case Type::DOUBLE:
      return Real<arrow::DoubleArray>(array, /*narrow=*/false);
    case Type::DECIMAL128:
      return Decimal<arrow::Decimal128Array>(array);
    case Type::DECIMAL256:
      return Decimal<arrow::Decimal256Array>(array);
    case Type::STRING:
      return CheckedText<arrow::StringArray>(array);
    case Type::LARGE_STRING:
      return CheckedText<arrow::LargeStringArray>(array);
    case Type::BINARY:
      return Bytes<arrow::BinaryArray>(array);
    case Type::LARGE_BINARY:
      return Bytes<arrow::LargeBinaryArray>(array);
    case Type::FIXED_SIZE_BINARY:
      return Bytes<arrow::FixedSizeBinaryArray>(array);
    case Type::DATE32:
      return Quoted<arrow::Date32Array>(
          array, [](int64_t days, std::string* out) { io::AppendDate(days, out); });
    case Type::DATE64:
      return Quoted<arrow::Date64Array>(
          array, [](int64_t ms, std::string* out) { io::AppendDate(ms / 86400000, out); });
    case Type::TIME32:
      return TimeOfDay<arrow::Time32Array>(array);
    case Type::TIME64:
      return TimeOfDay<arrow::Time64Array>(array);
    case Type::TIMESTAMP:
      return Timestamp(array);
    case Type::LIST:
      return List<arrow::ListArray>(array);
    case Type::LARGE_LIST:
      return List<arrow::LargeListArray>(array);
    case Type::FIXED_SIZE_LIST:
      return List<arrow::FixedSizeListArray>(array);
    case Type::MAP:
      return List<arrow::MapArray>(array);
    case Type::STRUCT:
      return Struct(array);
    default:
      return NoJsonForm(*array.type());
  }
}

}  // namespace

Status CheckJsonTypes(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    ARROW_ASSIGN_OR_RAISE(auto empty, arrow::MakeEmptyArray(field->type()));
    const Status made = MakeCell(*empty).status();
    if (!made.ok()) return made.WithMessage("column \"" + field->name() + "\": " + made.message());
  }
  return Status::OK();
}

Status RowsAsJson(const arrow::RecordBatch& rows, std::string* out, int64_t* non_finite) {
  Members members;
  for (int i = 0; i < rows.num_columns(); ++i) {
    ARROW_RETURN_NOT_OK(members.Add(rows.column_name(i), rows.column(i)));
  }
  Output output{out};
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    members.Append(row, &output);
    *out += '\n';
  }
  *non_finite += output.non_finite;
  return Status::OK();
}

}  // namespace millrace::exporting
