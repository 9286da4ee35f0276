// The bytes of images in a column: binary, or a struct with a member `bytes`, as Hugging Face
// datasets have them. Internal to operators on images.
//
// Thread-safety: immutable.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <optional>
#include <string_view>

#include "op/request.h"

namespace millrace::op {

class ImageColumn {
 public:
  /// The column named by the parameter `field`; none, reported, when it holds no images.
  static std::optional<ImageColumn> Of(const Request& request);

  int position() const { return position_; }

  /// Of a batch; lives as long as the batch.
  class Rows {
   public:
    Rows(const ImageColumn& column, const arrow::RecordBatch& rows);
    int64_t size() const { return bytes_->length(); }
    /// None of a null.
    std::optional<std::string_view> At(int64_t row) const;

   private:
    std::shared_ptr<arrow::Array> outer_, bytes_;
  };

 private:
  int position_ = 0;
  int member_ = -1;  // of a struct
};

}  // namespace millrace::op
