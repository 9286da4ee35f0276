// Why a text is not a value of a type. The words are stable: tests/fixtures/casting.tsv uses them.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::contract {

// X(name, word, what is wrong, in a sentence "the value <...>")
#define MILLRACE_CAST_ERRORS(X)                                                                 \
  X(Malformed, "malformed", "is not written as this type is")                                   \
  X(LeadingZero, "leading_zero", "starts with a zero, so it is an identifier and not a number") \
  X(OutOfRange, "out_of_range", "is beyond the range of the type")                              \
  X(TooPrecise, "too_precise", "has more digits than the type can hold without rounding")       \
  X(NoSuchDate, "no_such_date", "names a day or time that does not exist")                      \
  X(UnexpectedZone, "unexpected_zone", "has a zone, but the type has none")                     \
  X(NoSuchLocalTime, "no_such_local_time", "is skipped by the clock change of the type's zone") \
  X(AmbiguousTime, "ambiguous_time", "comes twice, at the clock change of the type's zone")     \
  X(BadBase64, "bad_base64", "is not base64 with padding")                                      \
  X(BadUtf8, "bad_utf8", "is not UTF-8")                                                        \
  X(BadJson, "bad_json", "is not valid JSON")                                                   \
  X(WrongShape, "wrong_shape", "is JSON of another shape: an object, array or scalar too many") \
  X(UnknownMember, "unknown_member", "has a member that the struct does not declare")           \
  X(DuplicateMember, "duplicate_member", "has the same member twice")                           \
  X(TooDeep, "too_deep", "is nested too deeply")                                                \
  X(Element, "element", "holds an element that does not read as the declared type")

enum class CastError : uint8_t {
  kNone,
#define X(name, word, message) k##name,
  MILLRACE_CAST_ERRORS(X)
#undef X
};

/// "out_of_range".
std::string_view CastErrorWord(CastError error);
/// "is beyond the range of the type".
std::string_view CastErrorMessage(CastError error);

}  // namespace millrace::contract
