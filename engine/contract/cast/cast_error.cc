#include "contract/cast/cast_error.h"

namespace millrace::contract {

std::string_view CastErrorWord(CastError error) {
  switch (error) {
    case CastError::kNone:
      return "none";
#define X(name, word, message) \
  case CastError::k##name:     \
    return word;
      MILLRACE_CAST_ERRORS(X)
#undef X
  }
  return "none";
}

std::string_view CastErrorMessage(CastError error) {
  switch (error) {
    case CastError::kNone:
      return "is fine";
#define X(name, word, message) \
  case CastError::k##name:     \
    return message;
      MILLRACE_CAST_ERRORS(X)
#undef X
  }
  return "is fine";
}

}  // namespace millrace::contract
