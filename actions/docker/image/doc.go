// Package image has the actions of the family docker on images.
package image
