//! Journal, index, sign-ins and lock of a camroll state folder.
