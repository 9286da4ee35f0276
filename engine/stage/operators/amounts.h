// How much rows are: rows, logical bytes of the user's columns, and tokens and images where
// something counts them. What the shares of mixtures are told in.
// Thread-safety: pure functions.
#pragma once

#include <arrow/record_batch.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "stage/manifest.h"

namespace millrace::stage {

/// Of each stored row. `tokens`: an expression over the working columns; "" for none.
Result<std::vector<int64_t>> BytesOfRows(const arrow::RecordBatch& stored);
Result<std::vector<int64_t>> TokensOfRows(const arrow::RecordBatch& stored,
                                          const std::string& tokens);
/// `images`: a column of images, which has as many as are not null, or an expression as of tokens.
Result<std::vector<int64_t>> ImagesOfRows(const arrow::RecordBatch& stored,
                                          const std::string& images);

/// Whether a column holds images: binary, a struct with a member `bytes` that is, or a list of
/// either.
bool HoldsImages(const arrow::DataType& type);

/// What counts tokens and images; "" for nothing.
struct Counters {
  std::string tokens, images;
};

/// The rows by group: `groups` has the group of each row, below amounts->size().
Status AddAmounts(const arrow::RecordBatch& stored, const std::vector<uint8_t>& groups,
                  const Counters& counters, std::vector<Amount>* amounts);

}  // namespace millrace::stage
