// Folders of Hugging Face `datasets` as a source: what `save_to_disk` left, or the Parquet files of
// a dataset repository.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>

#include "source/file_source.h"

namespace millrace::source {

/// `folder` is absolute. Of several splits `split` names one; "" where there is but one.
///
/// Files of `save_to_disk` are one dataset (`rows`), read where they are through a memory map; the
/// fingerprint beside them stands for their content. Of Parquet files those are a split's whose
/// name, or a folder's above them, begins with its name as a word. UnreadablePath when there is no
/// such dataset or split, CorruptFile when a file is damaged.
Result<FileSource> OpenHfFolder(const std::string& name, const std::string& folder,
                                const std::string& split);

/// The columns of what OpenHfFolder gave, with what `datasets` calls each (contract/features.h).
Result<std::shared_ptr<arrow::Schema>> HfSchema(const FileSource& source);

}  // namespace millrace::source
