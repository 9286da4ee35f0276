#include "contract/cast/text_cast.h"

#include <arrow/builder.h>
#include <arrow/util/base64.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "contract/cast/cast_loop.h"
#include "contract/cast/parse_number.h"

namespace millrace::contract {

Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& texts,
                                                  const std::vector<CastFailure>& failures) {
  const auto& bitmap = texts.data()->buffers[0];
  if (failures.empty()) {
    if (texts.null_count() == 0) return std::shared_ptr<arrow::Buffer>();
    if (texts.offset() == 0) return bitmap;
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> valid,
                        arrow::AllocateBitmap(texts.length()));
  if (bitmap) {
    arrow::internal::CopyBitmap(bitmap->data(), texts.offset(), texts.length(),
                                valid->mutable_data(), 0);
  } else {
    std::memset(valid->mutable_data(), 0xFF, static_cast<size_t>(valid->size()));
  }
  for (const CastFailure& failure : failures) {
    arrow::bit_util::ClearBit(valid->mutable_data(), failure.row);
  }
  return valid;
}

Result<std::shared_ptr<arrow::StringArray>> WithoutRows(const arrow::StringArray& texts,
                                                        const std::vector<CastFailure>& failures) {
  ARROW_ASSIGN_OR_RAISE(auto valid, ValidityOf(texts, failures));
  // Offsets are addressed from the slice's start, because the new bitmap starts there too.
  auto offsets =
      arrow::SliceBuffer(texts.value_offsets(), texts.offset() * 4, (texts.length() + 1) * 4);
  return std::make_shared<arrow::StringArray>(texts.length(), offsets, texts.value_data(), valid);
}

namespace {

using Type = std::shared_ptr<arrow::DataType>;
using Texts = std::shared_ptr<arrow::StringArray>;

class StringCast final : public TextCast {
 public:
  Result<CastResult> Cast(const Texts& texts) const override { return CastResult{texts, {}}; }
};

template <typename Int>
class IntCast final : public TextCast {
 public:
  explicit IntCast(Type type) : type_(std::move(type)) {}
  Result<CastResult> Cast(const Texts& texts) const override {
    return CastEach<Int>(*texts, type_, [](const char* p, size_t size, const char* end, Int* out) {
      return ParseInt(p, size, end, out);
    });
  }

 private:
  Type type_;
};

template <typename Float>
class FloatCast final : public TextCast {
 public:
  FloatCast(Type type, bool round) : type_(std::move(type)), round_(round) {}
  Result<CastResult> Cast(const Texts& texts) const override {
    const bool round = round_;
    return CastEach<Float>(*texts, type_,
                           [round](const char* p, size_t size, const char*, Float* out) {
                             return ParseFloat(p, size, round, out);
                           });
  }

 private:
  Type type_;
  bool round_;
};

template <typename Decimal>
class DecimalCast final : public TextCast {
 public:
  explicit DecimalCast(Type type) : type_(std::move(type)) {}
  Result<CastResult> Cast(const Texts& texts) const override {
    const auto& type = static_cast<const arrow::DecimalType&>(*type_);
    const int precision = type.precision(), scale = type.scale();
    return CastEach<Raw>(*texts, type_, [=](const char* p, size_t size, const char*, Raw* out) {
      Decimal value;
      const CastError error = ParseDecimal(p, size, precision, scale, &value);
      value.ToBytes(out->bytes);
      return error;
    });
  }

 private:
  struct Raw {
    uint8_t bytes[sizeof(Decimal)];
  };
  Type type_;
};

bool EqualsAnyCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         });
}

class BoolCast final : public TextCast {
 public:
  explicit BoolCast(const TextCastOptions& options)
      : true_values_(options.true_values), false_values_(options.false_values) {}

  Result<CastResult> Cast(const Texts& texts) const override {
    arrow::BooleanBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Reserve(texts->length()));
    CastResult result;
    for (int64_t row = 0; row < texts->length(); ++row) {
      bool value = false;
      if (texts->IsNull(row)) {
        builder.UnsafeAppendNull();
      } else if (Read(texts->GetView(row), &value)) {
        builder.UnsafeAppend(value);
      } else {
        result.failures.push_back({row, CastError::kMalformed});
        builder.UnsafeAppendNull();
      }
    }
    ARROW_ASSIGN_OR_RAISE(result.values, builder.Finish());
    return result;
  }

 private:
  bool Read(std::string_view text, bool* value) const {
    if (true_values_.empty() && false_values_.empty()) {
      *value = EqualsAnyCase(text, "true");
      return *value || EqualsAnyCase(text, "false");
    }
    *value = std::find(true_values_.begin(), true_values_.end(), text) != true_values_.end();
    return *value ||
           std::find(false_values_.begin(), false_values_.end(), text) != false_values_.end();
  }

  std::vector<std::string> true_values_, false_values_;
};

// Padded base64 of the standard alphabet whose unused bits are zero: what encoding gives back.
bool IsCanonicalBase64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  size_t body = text.size();
  while (body > 0 && text.size() - body < 2 && text[body - 1] == '=') --body;
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t last = 0;
  for (size_t i = 0; i < body; ++i) {
    last = kAlphabet.find(text[i]);
    if (last == std::string_view::npos) return false;
  }
  const size_t padding = text.size() - body;
  return padding == 0 || (padding == 1 ? last % 4 == 0 : last % 16 == 0);
}

class BinaryCast final : public TextCast {
 public:
  Result<CastResult> Cast(const Texts& texts) const override {
    arrow::BinaryBuilder builder;
    CastResult result;
    for (int64_t row = 0; row < texts->length(); ++row) {
      if (texts->IsNull(row)) {
        ARROW_RETURN_NOT_OK(builder.AppendNull());
      } else if (!IsCanonicalBase64(texts->GetView(row))) {
        result.failures.push_back({row, CastError::kBadBase64});
        ARROW_RETURN_NOT_OK(builder.AppendNull());
      } else {
        ARROW_ASSIGN_OR_RAISE(const std::string bytes,
                              arrow::util::base64_decode(texts->GetView(row)));
        ARROW_RETURN_NOT_OK(builder.Append(bytes));
      }
    }
    ARROW_ASSIGN_OR_RAISE(result.values, builder.Finish());
    return result;
  }
};

Status CheckOptions(const arrow::DataType& type, const TextCastOptions& options) {
  const bool lists = !options.true_values.empty() || !options.false_values.empty();
  if (lists && type.id() != arrow::Type::BOOL) {
    return MakeError(ErrorCode::kBadValue, "bool_values are for columns of type bool");
  }
  if (lists && (options.true_values.empty() || options.false_values.empty())) {
    return MakeError(ErrorCode::kBadValue,
                     "bool_values must say both what is true and what is false");
  }
  for (const std::string& value : options.true_values) {
    if (std::find(options.false_values.begin(), options.false_values.end(), value) !=
        options.false_values.end()) {
      return MakeError(ErrorCode::kBadValue,
                       "bool_values has `" + value + "` as both true and false");
    }
  }
  if (!options.formats.empty() && !arrow::is_temporal(type.id())) {
    return MakeError(ErrorCode::kBadValue,
                     "format is for columns of type date, time and timestamp");
  }
  if (options.round && !arrow::is_floating(type.id())) {
    return MakeError(ErrorCode::kBadValue, "round is for columns of type float32 and float64");
  }
  return Status::OK();
}

template <typename Int>
std::shared_ptr<const TextCast> Ints(const Type& type) {
  return std::make_shared<IntCast<Int>>(type);
}

}  // namespace

Result<std::shared_ptr<const TextCast>> MakeTextCast(const Type& type,
                                                     const TextCastOptions& options) {
  ARROW_RETURN_NOT_OK(CheckOptions(*type, options));
  switch (type->id()) {
    case arrow::Type::BOOL:
      return std::make_shared<BoolCast>(options);
    case arrow::Type::INT8:
      return Ints<int8_t>(type);
    case arrow::Type::INT16:
      return Ints<int16_t>(type);
    case arrow::Type::INT32:
      return Ints<int32_t>(type);
    case arrow::Type::INT64:
      return Ints<int64_t>(type);
    case arrow::Type::UINT8:
      return Ints<uint8_t>(type);
    case arrow::Type::UINT16:
      return Ints<uint16_t>(type);
    case arrow::Type::UINT32:
      return Ints<uint32_t>(type);
    case arrow::Type::UINT64:
      return Ints<uint64_t>(type);
    case arrow::Type::FLOAT:
      return std::make_shared<FloatCast<float>>(type, options.round);
    case arrow::Type::DOUBLE:
      return std::make_shared<FloatCast<double>>(type, options.round);
    case arrow::Type::DECIMAL128:
      return std::make_shared<DecimalCast<arrow::Decimal128>>(type);
    case arrow::Type::DECIMAL256:
      return std::make_shared<DecimalCast<arrow::Decimal256>>(type);
    case arrow::Type::STRING:
      if (options.is_json) return MakeJsonCast();
      return std::make_shared<StringCast>();
    case arrow::Type::BINARY:
      return std::make_shared<BinaryCast>();
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
      return MakeTimeCast(type, options);
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      return MakeNestedCast(type, options);
    default:
      return MakeError(ErrorCode::kBadValue, "no text can be cast to " + type->ToString());
  }
}

Result<std::shared_ptr<arrow::Array>> CastOneText(const TextCast& cast, const std::string& text,
                                                  CastError* why) {
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Append(text));
  std::shared_ptr<arrow::StringArray> array;
  ARROW_RETURN_NOT_OK(builder.Finish(&array));
  ARROW_ASSIGN_OR_RAISE(CastResult result, cast.Cast(array));
  *why = result.failures.empty() ? CastError::kNone : result.failures.front().why;
  return result.values;
}

}  // namespace millrace::contract
