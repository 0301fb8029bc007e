"""Names that a class cannot have, since its folders lie beside files that are called so."""

from ssgan_tf.errors import UserError

# Of files beside the folders of classes in runs and in generated sets.
TAKEN = ("config.json", "manifest.json", "filter.png")
SHEETS = (".png", ".gif")  # `<class>.png` and `<class>.gif` lie beside the folder `<class>`


def require_free_names(class_names):
    """Refuse classes whose folders would lie where a run or a generated set has a file.

    Args:
        class_names: of a data set that is to be trained on.

    Raises:
        UserError: there is such a name; the line says of what.
    """
    # Some file systems take letters of either case for the same.
    sheets = {f"{name}{ending}".casefold(): name for name in class_names for ending in SHEETS}
    for name in class_names:
        if name.casefold() in TAKEN:
            raise UserError(
                f"a class cannot be called {name!r}, as a file of ours is; rename its folder"
            )
        if name.casefold() in sheets:
            raise UserError(
                f"a class cannot be called {name!r}, as the contact sheet of the class "
                f"{sheets[name.casefold()]!r} is; rename its folder"
            )
