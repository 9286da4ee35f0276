// The format of one file and what of it has to be declared, told from its name and its beginning.
#pragma once

#include <memory>

#include "base/status.h"
#include "pipeline/proposal/input_catalog.h"

namespace millrace::pipeline {

/// `asked_for`: the user named this very file, so that a name without a known extension is no
/// reason to pass it over. Fails with what is wrong with the file, or UnknownDialect.
Result<CatalogFile> TellFile(const std::shared_ptr<io::Store>& store, const io::FileInfo& info,
                             bool asked_for);

}  // namespace millrace::pipeline
