// Which columns of a shard are worth a dictionary. Building one for a column of distinct values
// costs five times the writing of the values, and is thrown away. The choice is made from the
// shard's first fixed batch, so it depends on the rows alone.
#pragma once

#include <arrow/array.h>

namespace millrace::io {

/// True when at most half of the non-null values are distinct, or when there are too few values to
/// tell. Only flat types are asked; others keep the dictionary.
bool WorthDictionary(const arrow::Array& first_values);

}  // namespace millrace::io
